#include "nexus/foundation/system/cpu_quota.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "nexus/foundation/system/control_groups.h"

namespace nexus::system {
namespace {

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value <= 0) return std::nullopt;
  return value;
}

// "max 100000", "150000 100000"
std::optional<double> quota_of_v2(std::string_view text) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto quota = number(text.substr(0, space)), period = number(text.substr(space + 1));
  if (!quota || !period) return std::nullopt;
  return *quota / *period;
}

std::optional<double> quota_at(const ReadFile& read, const std::string& group) {
  if (const auto text = read(group + "/cpu.max")) return quota_of_v2(*text);
  const auto quota_text = read(group + "/cpu.cfs_quota_us"), period_text = read(group + "/cpu.cfs_period_us");
  if (!quota_text || !period_text) return std::nullopt;
  const auto quota = number(*quota_text), period = number(*period_text);
  if (!quota || !period) return std::nullopt;
  return *quota / *period;
}

}  // namespace

std::optional<double> cpu_quota(const ReadFile& read) {
  std::optional<double> tightest;
  for (const ControlGroup& group : control_groups(read, "cpu")) {
    const auto quota = quota_at(read, group.folder);
    if (quota && (!tightest || *quota < *tightest)) tightest = quota;
  }
  return tightest;
}

unsigned usable_cpus(unsigned allowed_by_scheduler, std::optional<double> quota) {
  const unsigned allowed = std::max(allowed_by_scheduler, 1U);
  if (!quota || *quota >= allowed) return allowed;
  return std::max(static_cast<unsigned>(*quota), 1U);
}

}  // namespace nexus::system
