// The path of a state_change trigger: "a.b" is the member b of the key a, "items[*]" each element of the array at the key
// items, "items[0].done" a member of its first.
#pragma once

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

// Immutable.
class StatePath {
 public:
  // Elements of one array that are looked at, so that a commit costs no more than some milliseconds.
  static constexpr std::size_t kMostElements = 10'000;

  // The error says what is wrong with it.
  static std::expected<StatePath, std::string> parse(std::string_view text);

  // The key of the state that it begins with.
  const std::string& key() const { return parts_.front().name; }

  // The values at this path that differ between two values of key(), as texts; none: the key is not there. The first `most`.
  std::vector<PathChange> changes(const std::optional<std::string_view>& before,
                                  const std::optional<std::string_view>& after, std::size_t most) const;

 private:
  struct Part {
    enum class Kind : std::uint8_t { kMember, kElement, kEachElement };
    Kind kind;
    std::string name;  // kMember
    std::uint64_t index = 0;
  };
  class Walk;

  std::vector<Part> parts_;
};

}  // namespace nexus::panels
