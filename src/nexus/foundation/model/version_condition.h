// What must hold of a panel's version for a change to be made, so that of two clients who read the same version only
// one changes it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace nexus {

// Some versions, or all that there can be.
struct VersionSet {
  enum class Extent : bool { kListed, kEvery };
  Extent extent = Extent::kListed;
  std::vector<std::uint64_t> versions;  // when listed

  // None: there is no panel, which is in no set.
  bool contains(std::optional<std::uint64_t> version) const {
    if (!version) return false;
    return extent == Extent::kEvery || std::ranges::find(versions, *version) != versions.end();
  }
};

// Without any set nothing is asked.
struct VersionCondition {
  std::optional<VersionSet> must_be_in;
  std::optional<VersionSet> must_not_be_in;

  // None: there is no panel.
  bool holds(std::optional<std::uint64_t> version) const {
    if (must_be_in && !must_be_in->contains(version)) return false;
    return !must_not_be_in || !must_not_be_in->contains(version);
  }
};

}  // namespace nexus
