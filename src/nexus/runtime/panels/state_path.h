// The path of a state_change trigger: "a.b" is the member b of the key a, "items[*]" each element of the array at the key
// items, "items[0].done" a member of its first.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// What is not as it was.
struct PathChange {
  std::string path;                 // of one value: "items[3]"
  std::optional<std::string> json;  // none: it is gone
};

struct PathChanges {
  std::vector<PathChange> first;  // in the order of the text
  std::size_t total = 0;
};

// Immutable.
class StatePath {
 public:
  // Elements of one array that are looked at, so that a commit costs no more than some milliseconds.
  static constexpr std::size_t kMostElements = 10'000;
  static constexpr std::size_t kMostStars = 4;  // each [*] within another multiplies what is looked at

  // The error says what is wrong with it.
  static std::expected<StatePath, std::string> parse(std::string_view text);

  // The key of the state that it begins with.
  const std::string& key() const { return parts_.front().name; }

  // The values at this path that differ between two values of key(), as texts; none: the key is not there. The first `most`.
  PathChanges changes(const std::optional<std::string_view>& before,
                      const std::optional<std::string_view>& after, std::size_t most) const;

  bool operator==(const StatePath&) const = default;

 private:
  using Place = std::array<std::uint32_t, kMostStars>;  // which element each [*] is
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
