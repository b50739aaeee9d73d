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

std::string findings_json(const std::vector<diagnostics::Finding>& findings) {
  return json_array(findings, [](const diagnostics::Finding& finding) {
    return JsonObject().add("setting", finding.setting).add("text", finding.text).text();
  });
}

std::string container_json(const system::MemoryLimits& limits) {
  if (!limits.container_limit_bytes) return "null";
  return JsonObject()
      .add("limitBytes", limits.container_limit_bytes)
      .add("limitFile", limits.container_limit_file)
      .add("usageBytes", limits.container_usage_bytes)
      .add("workingSetBytes", limits.working_set_bytes)
      .add("neighboursBytes", limits.neighbours_bytes)
      .add("freeBytes", container_free(limits))
      .text();
}

std::string cache_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there) {
  if (!there.cache) return "null";
  return JsonObject()
      .add("folder", requirements.cache_dir)
      .add("filesystem", there.cache->filesystem)
      .add("countsAsMemory", there.cache->is_memory)
      .add("freeBytes", there.cache->free_bytes)
      .add("limitBytes", requirements.max_cache_size_bytes)
      .text();
}

std::string budget_json(const system::MemoryLimits& limits) {
  return JsonObject()
      .add("bytes", limits.budget_bytes)
      .add("reserveBytes", limits.reserve_bytes)
      .add("grantableBytes", limits.grantable_bytes)
      .add("tightest", limits.tightest)
      .add("setting", limits.setting)
      .text();
}

std::string instances_json(const diagnostics::Requirements& requirements,
                           const diagnostics::Capacity& capacity) {
  const std::uint64_t is_protected = protected_instances(requirements, capacity);
  return JsonObject()
      .add("bytes", capacity.instance_bytes)
      .add("atLimit", capacity.instances_at_limit)
      .add("typical", capacity.instances_typical)
      .add("mappable", capacity.instances_mappable)
      .add("max", requirements.max_instances)
      .add("min", requirements.min_instances)
      .add("limitBytes", requirements.memory_limit_bytes)
      .add("typicalBytes", diagnostics::kTypicalInstanceBytes)
      .add_json("writeTracking", JsonObject()
                                     .add("protected", is_protected)
                                     .add("copied", requirements.max_instances - is_protected)
                                     .text())
      .text();
}

std::string process_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                         const diagnostics::Capacity& capacity) {
  return JsonObject()
      .add("maxMapCount", there.max_map_count)
      .add("addressSpaceLimitBytes", there.address_space_limit_bytes)
      .add("addressSpaceBytes", requirements.address_space_bytes)
      .add("openFilesLimit", there.open_files_limit)
      .add("processors", there.processors)
      .add("cpuQuota", there.cpu_quota)
      .add("threads", capacity.threads)
      .text();
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
  return JsonObject()
      .add("fits", capacity.contradictions.empty())
      .add_json("container", container_json(limits))
      .add_json("machine", JsonObject()
                               .add("totalBytes", limits.machine_total_bytes)
                               .add("availableBytes", limits.machine_available_bytes)
                               .text())
      .add_json("budget", budget_json(limits))
      .add_json("instances", instances_json(requirements, capacity))
      .add_json("cache", cache_json(requirements, there))
      .add_json("process", process_json(requirements, there, capacity))
      .add_json("contradictions", findings_json(capacity.contradictions))
      .add_json("notes", findings_json(capacity.notes))
      .text();
}

}  // namespace nexus::app
