// A condition on a panel's version for a change. When two clients have read the same version, only one of them can
// change the panel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace nexus {

// A list of versions, or every version.
struct VersionSet {
  enum class Extent : bool { kListed, kEvery };
  Extent extent = Extent::kListed;
  std::vector<std::uint64_t> versions;  // if kListed

  // nullopt means that the panel does not exist; no set contains it.
  bool contains(std::optional<std::uint64_t> version) const {
    if (!version) return false;
    return extent == Extent::kEvery || std::ranges::find(versions, *version) != versions.end();
  }
};

// Without any set the condition always holds.
struct VersionCondition {
  std::optional<VersionSet> must_be_in;
  std::optional<VersionSet> must_not_be_in;

  // nullopt means that the panel does not exist.
  bool holds(std::optional<std::uint64_t> version) const {
    if (must_be_in && !must_be_in->contains(version)) return false;
    return !must_not_be_in || !must_not_be_in->contains(version);
  }
};

}  // namespace nexus
