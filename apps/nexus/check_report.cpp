#include "check_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/json/json_text.h"

namespace nexus::app {
namespace {

using diagnostics::bytes_text;

class Table {
 public:
  template <class... Args>
  void line(std::string_view name, fmt::format_string<Args...> text, Args&&... args) {
    text_ += fmt::format("{:<14}{}\n", name, fmt::format(text, std::forward<Args>(args)...));
  }
  std::string text_;
};

std::uint64_t container_free(const system::MemoryLimits& limits) {
  return minus(minus(*limits.container_limit_bytes, limits.neighbours_bytes), limits.working_set_bytes);
}

void add_limits(Table& table, const diagnostics::Requirements& requirements,
                const system::MemoryLimits& limits) {
  if (limits.container_limit_bytes) {
    table.line("container", "limit {}, used {}{}, free {} ({})", bytes_text(*limits.container_limit_bytes),
               bytes_text(limits.working_set_bytes),
               limits.neighbours_bytes == 0
                   ? ""
                   : fmt::format(", by its neighbours {}", bytes_text(limits.neighbours_bytes)),
               bytes_text(container_free(limits)), limits.container_limit_file);
  } else {
    table.line("container", "no limit");
  }
  table.line("machine", "{}, free {}", bytes_text(limits.machine_total_bytes),
             bytes_text(limits.machine_available_bytes));
  table.line("budget", "{} ({})", bytes_text(limits.budget_bytes),
             requirements.memory_budget_bytes ? "MEMORY_BUDGET_MB"
             : limits.container_limit_bytes   ? "the container's limit"
                                              : "80 % of the machine");
  table.line("reserve", "{}, never granted", bytes_text(limits.reserve_bytes));
  table.line("grantable", "{}; for more, change {}", bytes_text(limits.grantable_bytes), limits.setting);
}

void add_cache(Table& table, const diagnostics::Requirements& requirements,
               const diagnostics::Environment& there) {
  if (!there.cache) {
    table.line("cache", "{}: unknown filesystem", requirements.cache_dir);
    return;
  }
  table.line("cache", "{} on {}{}, {} free; at most {} (MAX_CACHE_SIZE_MB)", requirements.cache_dir,
             there.cache->filesystem, there.cache->is_memory ? ", which counts as memory" : "",
             bytes_text(there.cache->free_bytes), bytes_text(requirements.max_cache_size_bytes));
}

// The other instances have their memory copied back whole after each call.
std::uint64_t protected_instances(const diagnostics::Requirements& requirements,
                                  const diagnostics::Capacity& capacity) {
  return std::min(requirements.max_instances, capacity.instances_mappable);
}

std::string limit_text(std::optional<std::uint64_t> limit, std::string (*to_text)(std::uint64_t)) {
  return limit ? to_text(*limit) : "unlimited";
}
std::string count_text(std::uint64_t count) { return fmt::to_string(count); }

template <class T>
std::string or_null(const std::optional<T>& value) {
  return value ? fmt::to_string(*value) : "null";
}

std::string findings_json(const std::vector<diagnostics::Finding>& findings) {
  return json_array(findings, [](const diagnostics::Finding& finding) {
    return fmt::format(R"({{"setting":{},"text":{}}})", json_string(finding.setting),
                       json_string(finding.text));
  });
}

std::string container_json(const system::MemoryLimits& limits) {
  if (!limits.container_limit_bytes) return "null";
  return fmt::format(
      R"({{"limitBytes":{},"limitFile":{},"usageBytes":{},"workingSetBytes":{},"neighboursBytes":{},"freeBytes":{}}})",
      *limits.container_limit_bytes, json_string(limits.container_limit_file), limits.container_usage_bytes,
      limits.working_set_bytes, limits.neighbours_bytes, container_free(limits));
}

std::string cache_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there) {
  if (!there.cache) return "null";
  return fmt::format(R"({{"folder":{},"filesystem":{},"countsAsMemory":{},"freeBytes":{},"limitBytes":{}}})",
                     json_string(requirements.cache_dir), json_string(there.cache->filesystem),
                     there.cache->is_memory, there.cache->free_bytes, requirements.max_cache_size_bytes);
}

}  // namespace

std::string check_table(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                        const diagnostics::Capacity& capacity) {
  Table table;
  add_limits(table, requirements, there.limits);
  table.line("instances",
             "{} at once of {} each (MEMORY_LIMIT_MB), {} of {}, which is typical; MAX_INSTANCES {}",
             std::min(capacity.instances_at_limit, requirements.max_instances),
             bytes_text(requirements.memory_limit_bytes),
             std::min(capacity.instances_typical, requirements.max_instances),
             bytes_text(diagnostics::kTypicalInstanceBytes), requirements.max_instances);
  add_cache(table, requirements, there);
  table.line("mappings", "{} (vm.max_map_count), enough for {} instances",
             limit_text(there.max_map_count, count_text), capacity.instances_mappable);
  table.line("memories", "{} write-protected, {} copied back whole",
             protected_instances(requirements, capacity),
             requirements.max_instances - protected_instances(requirements, capacity));
  table.line("address space", "{} (ulimit -v), {} needed",
             limit_text(there.address_space_limit_bytes, bytes_text),
             bytes_text(requirements.address_space_bytes));
  table.line("open files", "{} (ulimit -n)", limit_text(there.open_files_limit, count_text));
  table.line("processors", "{}{}; {} event loops (THREADS)", there.processors,
             there.cpu_quota ? fmt::format(", of which the container may use {:g}", *there.cpu_quota) : "",
             capacity.threads);
  std::string text = std::move(table.text_);
  for (const diagnostics::Finding& finding : capacity.contradictions)
    text += fmt::format("\n{}: {}", finding.setting, finding.text);
  for (const diagnostics::Finding& finding : capacity.notes)
    text += fmt::format("\n{} (note): {}", finding.setting, finding.text);
  if (!capacity.contradictions.empty() || !capacity.notes.empty()) text += '\n';
  if (capacity.contradictions.empty()) text += "\nall fits\n";
  return text;
}

std::string check_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                       const diagnostics::Capacity& capacity) {
  const system::MemoryLimits& limits = there.limits;
  const std::string budget =
      fmt::format(R"({{"bytes":{},"reserveBytes":{},"grantableBytes":{},"tightest":{},"setting":{}}})",
                  limits.budget_bytes, limits.reserve_bytes, limits.grantable_bytes,
                  json_string(limits.tightest), json_string(limits.setting));
  const std::string instances = fmt::format(
      R"({{"bytes":{},"atLimit":{},"typical":{},"mappable":{},"max":{},"min":{},"limitBytes":{},"typicalBytes":{},"writeTracking":{{"protected":{},"copied":{}}}}})",
      capacity.instance_bytes, capacity.instances_at_limit, capacity.instances_typical,
      capacity.instances_mappable, requirements.max_instances, requirements.min_instances,
      requirements.memory_limit_bytes, diagnostics::kTypicalInstanceBytes,
      protected_instances(requirements, capacity),
      requirements.max_instances - protected_instances(requirements, capacity));
  const std::string process = fmt::format(
      R"({{"maxMapCount":{},"addressSpaceLimitBytes":{},"addressSpaceBytes":{},"openFilesLimit":{},"processors":{},"cpuQuota":{},"threads":{}}})",
      or_null(there.max_map_count), or_null(there.address_space_limit_bytes),
      requirements.address_space_bytes, or_null(there.open_files_limit), there.processors,
      or_null(there.cpu_quota), capacity.threads);
  return fmt::format(
      R"({{"fits":{},"container":{},"machine":{{"totalBytes":{},"availableBytes":{}}},"budget":{},"instances":{},"cache":{},"process":{},"contradictions":{},"notes":{}}})",
      capacity.contradictions.empty(), container_json(limits), limits.machine_total_bytes,
      limits.machine_available_bytes, budget, instances, cache_json(requirements, there), process,
      findings_json(capacity.contradictions), findings_json(capacity.notes));
}

}  // namespace nexus::app
