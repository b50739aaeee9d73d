#include "nexus/foundation/system/control_groups.h"

#include <optional>

#include "nexus/foundation/base/text.h"

namespace nexus::system {
namespace {

constexpr std::string_view kRoot = "/sys/fs/cgroup";

bool is_listed(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    if (take_until(list, ',') == word) return true;
  }
  return false;
}

struct Mount {
  std::string root;   // the mounted group: "/", or "/docker/x" where only that is visible
  std::string point;  // the mount point: "/sys/fs/cgroup/memory"
};

// Lines of /proc/self/mountinfo: "36 35 0:31 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory".
std::optional<Mount> find_mount(std::string_view mounts, int version, std::string_view controller) {
  std::optional<Mount> found;
  while (!mounts.empty()) {
    std::string_view line = take_until(mounts, '\n');
    const auto dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    std::string_view of_type = line.substr(dash + 3);
    const std::string_view type = take_until(of_type, ' ');
    take_until(of_type, ' ');
    const bool is_wanted =
        version == 2 ? type == "cgroup2" : type == "cgroup" && is_listed(of_type, controller);
    if (!is_wanted) continue;
    for (int field = 0; field < 3; ++field)
      take_until(line, ' ');
    Mount mount{.root = std::string(take_until(line, ' ')), .point = std::string(take_until(line, ' '))};
    if (!mount.point.starts_with('/')) continue;
    // A later mount covers an earlier one. A mount elsewhere is usually the host's, shown to a monitoring container.
    if (mount.point.starts_with(kRoot) || !found) found = std::move(mount);
  }
  return found;
}

struct Membership {
  int version;
  std::string_view controllers;  // as in the line: "cpu,cpuacct"
  std::string_view path;         // "/a/b"
};

// Lines of /proc/self/cgroup: "0::/a/b" for version 2, "4:cpu,cpuacct:/a/b" for version 1.
std::optional<Membership> membership(std::string_view line, std::string_view controller) {
  take_until(line, ':');
  const std::string_view controllers = take_until(line, ':');
  // A path outside the mount ("/../x") is treated as the root.
  const bool is_inside = line.starts_with('/') && line.find("/..") == std::string_view::npos;
  const std::string_view path = is_inside ? line : "/";
  if (controllers.empty()) return Membership{2, {}, path};
  if (is_listed(controllers, controller)) return Membership{1, controllers, path};
  return std::nullopt;
}

// Adds the path's group and its ancestors up to the mounted one.
void add_upward(std::vector<ControlGroup>& groups, int version, const Mount& mount, std::string_view path) {
  const bool is_below = mount.root != "/" && path.starts_with(mount.root) &&
                        (path.size() == mount.root.size() || path[mount.root.size()] == '/');
  if (is_below) path.remove_prefix(mount.root.size());
  for (; path.size() > 1; path = path.substr(0, path.rfind('/')))
    groups.push_back({version, mount.point + std::string(path)});
  groups.push_back({version, mount.point});
}

void add_groups(std::vector<ControlGroup>& groups, const Membership& member, std::string_view mounts,
                std::string_view controller) {
  if (const auto mount = find_mount(mounts, member.version, controller)) {
    add_upward(groups, member.version, *mount, member.path);
    return;
  }
  const std::string root(kRoot);
  if (member.version == 2) {
    for (const std::string& usual : {root, root + "/unified"})
      add_upward(groups, 2, {"/", usual}, member.path);
    return;
  }
  for (const std::string_view name : {member.controllers, controller})
    add_upward(groups, 1, {"/", root + '/' + std::string(name)}, member.path);
}

}  // namespace

std::vector<ControlGroup> control_groups(const ReadFile& read, std::string_view controller) {
  const std::string lines = read("/proc/self/cgroup").value_or("");
  const std::string mounts = read("/proc/self/mountinfo").value_or("");
  std::vector<ControlGroup> first, second;
  for (std::string_view rest = lines; !rest.empty();) {
    const auto member = membership(take_until(rest, '\n'), controller);
    if (member) add_groups(member->version == 2 ? first : second, *member, mounts, controller);
  }
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace nexus::system
