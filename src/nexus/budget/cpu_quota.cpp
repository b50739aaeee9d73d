#include "nexus/budget/cpu_quota.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>

namespace nexus::budget {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";

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

struct Membership {
  std::string hierarchy;  // where it is mounted
  std::string path;       // "/a/b" within it
};

// Lines of /proc/self/cgroup: "0::/a/b" for v2, "4:cpu,cpuacct:/a/b" for v1.
std::optional<Membership> membership(const std::string& line) {
  const auto first = line.find(':'), second = line.find(':', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::nullopt;
  const std::string controllers = line.substr(first + 1, second - first - 1);
  const std::string path = line.substr(second + 1);
  if (controllers.empty()) return Membership{kRoot, path};
  std::stringstream list(controllers);
  for (std::string one; std::getline(list, one, ',');) {
    if (one == "cpu") return Membership{std::string(kRoot) + "/" + controllers, path};
  }
  return std::nullopt;
}

void keep_tightest(std::optional<double>& tightest, std::optional<double> quota) {
  if (quota && (!tightest || *quota < *tightest)) tightest = quota;
}

}  // namespace

std::optional<double> cpu_quota(const ReadFile& read) {
  std::optional<double> tightest;
  std::stringstream lines(read("/proc/self/cgroup").value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const auto member = membership(line);
    if (!member) continue;
    // A container sees its own group as the root, while the path may be the host's: the root is asked in any case.
    keep_tightest(tightest, quota_at(read, member->hierarchy));
    for (std::string path = member->path; path.size() > 1; path.erase(path.rfind('/')))
      keep_tightest(tightest, quota_at(read, member->hierarchy + path));
  }
  // v1 mounts "cpu,cpuacct" under either name, or under "cpu" alone.
  keep_tightest(tightest, quota_at(read, std::string(kRoot) + "/cpu"));
  return tightest;
}

unsigned usable_cpus(unsigned allowed_by_scheduler, std::optional<double> quota) {
  const unsigned allowed = std::max(allowed_by_scheduler, 1U);
  if (!quota || *quota >= allowed) return allowed;
  return std::max(static_cast<unsigned>(*quota), 1U);
}

}  // namespace nexus::budget
