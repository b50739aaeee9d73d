// The path of a state_change trigger: "a.b" is member b of the value of key a, "items[*]" each element of the array
// items, "items[0].done" a member of its first element.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// One value that a commit changed.
struct PathChange {
  std::string path;                 // of the value: "items[3]"
  std::optional<std::string> json;  // the new value; none: it was removed
};

struct PathChanges {
  std::vector<PathChange> first;  // in the order of the document
  std::size_t total = 0;
};

// Immutable.
class StatePath {
 public:
  // Elements of one array that are compared, so that a commit takes at most a few milliseconds.
  static constexpr std::size_t kMostElements = 10'000;
  static constexpr std::size_t kMostStars = 4;  // each nested [*] multiplies the number of values

  // The error says why the path is invalid.
  static std::expected<StatePath, std::string> parse(std::string_view text);

  // The key of the state in which the path begins.
  const std::string& key() const { return parts_.front().name; }

  // The values at this path that differ between two JSON values of key(); none: the key does not exist. At most `most`
  // are listed.
  PathChanges changes(const std::optional<std::string_view>& before,
                      const std::optional<std::string_view>& after, std::size_t most) const;

  bool operator==(const StatePath&) const = default;

 private:
  using Place = std::array<std::uint32_t, kMostStars>;  // index of the element for each [*]
  struct Part {
    enum class Kind : std::uint8_t { kMember, kElement, kEachElement };
    Kind kind;
    std::string name;  // kMember
    std::uint64_t index = 0;
    bool operator==(const Part&) const = default;
  };
  class Walk;

  std::string text_of(const Place& place) const;

  std::vector<Part> parts_;
};

}  // namespace nexus::panels
