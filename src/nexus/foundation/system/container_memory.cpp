#include "nexus/foundation/system/container_memory.h"

#include <charconv>
#include <string_view>
#include <utility>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/base/text.h"

namespace nexus::system {
namespace {

// Version 1 writes "unlimited" as the largest multiple of the page size: 9223372036854771712 for 4 KiB pages.
constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 62;

std::optional<std::uint64_t> whole_number(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in(const ReadFile& read, const std::string& path) {
  const auto text = read(path);
  return text ? whole_number(*text) : std::nullopt;
}

std::optional<std::uint64_t> limit_in(const ReadFile& read, const std::string& path) {
  const auto limit = number_in(read, path);
  return limit && *limit < kUnlimited ? limit : std::nullopt;
}

// The value of a line such as "inactive_file 4096".
std::optional<std::uint64_t> stat_of(std::string_view stat, std::string_view name) {
  while (!stat.empty()) {
    std::string_view line = take_until(stat, '\n');
    if (take_until(line, ' ') == name) return whole_number(line);
  }
  return std::nullopt;
}

struct Names {
  std::string_view usage, limits[2], inactive;
};
constexpr Names kVersion1{"/memory.usage_in_bytes", {"/memory.limit_in_bytes", ""}, "total_inactive_file"};
constexpr Names kVersion2{"/memory.current", {"/memory.max", "/memory.high"}, "inactive_file"};
constexpr std::string_view kLimitWithSwap = "/memory.memsw.limit_in_bytes",
                           kUsageWithSwap = "/memory.memsw.usage_in_bytes";

struct Usage {
  std::uint64_t bytes;
  std::uint64_t inactive_file_bytes;
  std::optional<std::uint64_t> inherited_limit;  // version 1: includes ancestors that are not visible here
  std::uint64_t working_set() const { return minus(bytes, inactive_file_bytes); }
};

struct Limit {
  std::uint64_t bytes;
  std::string file;
  std::uint64_t working_set;  // of the group that it limits
  std::uint64_t free() const { return minus(bytes, working_set); }
};

class Reading {
 public:
  explicit Reading(const ReadFile& read) : read_(read) {}

  // Called for the own group first, then for each ancestor.
  void add(const ControlGroup& group) {
    const Names& names = group.version == 2 ? kVersion2 : kVersion1;
    std::optional<Usage> usage;
    if (!own_) {
      usage = usage_of(group, names);
      if (usage) {
        own_ = usage;
        own_group_ = group;
      }
    }
    for (const std::string_view name : names.limits) {
      if (!name.empty()) add_limit(group, names, name, usage);
    }
    if (group.version == 1) add_limit_with_swap(group, names, usage);
    if (version_ == 0 && (own_ || tightest_)) version_ = group.version;
  }

  ContainerMemory result() && {
    ContainerMemory memory;
    memory.version = version_;
    if (own_) {
      memory.usage_bytes = own_->bytes;
      memory.working_set_bytes = own_->working_set();
      memory.swap_limit_bytes = swap_limit();
      if (const auto inherited = own_->inherited_limit)
        keep({*inherited, own_group_.folder + "/memory.stat", memory.working_set_bytes});
    }
    if (tightest_) {
      memory.limit_bytes = tightest_->bytes;
      memory.limit_file = std::move(tightest_->file);
      memory.neighbours_bytes = minus(tightest_->working_set, memory.working_set_bytes);
    }
    return memory;
  }

 private:
  std::optional<Usage> usage_of(const ControlGroup& group, const Names& names) const {
    const auto bytes = number_in(read_, group.folder + std::string(names.usage));
    if (!bytes) return std::nullopt;
    const std::string stat = read_(group.folder + "/memory.stat").value_or("");
    auto inherited = group.version == 1 ? stat_of(stat, "hierarchical_memory_limit") : std::nullopt;
    if (inherited && *inherited >= kUnlimited) inherited.reset();
    return Usage{*bytes, stat_of(stat, names.inactive).value_or(0), inherited};
  }

  // Reads the use only of groups with a limit: the kernel sums it over all processors.
  void add_limit(const ControlGroup& group, const Names& names, std::string_view name,
                 std::optional<Usage>& usage) {
    std::string file = group.folder + std::string(name);
    const auto limit = limit_in(read_, file);
    if (!limit) return;
    if (!usage) usage = usage_of(group, names);
    keep({*limit, std::move(file), usage ? usage->working_set() : 0});
  }

  void add_limit_with_swap(const ControlGroup& group, const Names& names, std::optional<Usage>& usage) {
    std::string file = group.folder + std::string(kLimitWithSwap);
    const auto limit = limit_in(read_, file);
    const auto used = limit ? number_in(read_, group.folder + std::string(kUsageWithSwap)) : std::nullopt;
    if (!used) return;
    if (!usage) usage = usage_of(group, names);
    keep({*limit, std::move(file), minus(*used, usage ? usage->inactive_file_bytes : 0)});
  }

  void keep(Limit limit) {
    const auto rank = [](const Limit& one) { return std::pair(one.free(), one.bytes); };
    if (!tightest_ || rank(limit) < rank(*tightest_)) tightest_ = std::move(limit);
  }

  std::optional<std::uint64_t> swap_limit() const {
    if (own_group_.version == 2) return limit_in(read_, own_group_.folder + "/memory.swap.max");
    const auto both = limit_in(read_, own_group_.folder + std::string(kLimitWithSwap));
    const auto memory = limit_in(read_, own_group_.folder + "/memory.limit_in_bytes");
    if (!both || !memory) return std::nullopt;
    return minus(*both, *memory);
  }

  const ReadFile& read_;
  std::optional<Usage> own_;
  ControlGroup own_group_;
  std::optional<Limit> tightest_;
  int version_ = 0;
};

}  // namespace

ContainerWatch::ContainerWatch(ReadFile read)
    : read_(std::move(read)), groups_(control_groups(read_, "memory")) {}

ContainerMemory ContainerWatch::read() const {
  Reading reading(read_);
  for (const ControlGroup& group : groups_)
    reading.add(group);
  return std::move(reading).result();
}

ContainerMemory read_container_memory(const ReadFile& read) { return ContainerWatch(read).read(); }

}  // namespace nexus::system
