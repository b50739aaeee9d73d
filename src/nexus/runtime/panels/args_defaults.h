// What a tool's `args` say to take for members that the caller has left out: the `default` of each schema under
// `properties`, of objects that are there at any depth. Schemas behind a $ref, in allOf and the like are not looked into.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// Immutable.
class ArgsDefaults {
 public:
  // REQUIRES: checked text of a JSON object, a schema.
  explicit ArgsDefaults(std::string_view schema);

  // `args` with what it has left out, in the schema's order behind what is there; none: it has left out nothing.
  // REQUIRES: checked text of a JSON object.
  std::optional<std::string> fill(std::string_view args) const;
  // What fill() adds to a text at most.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Member {
    std::string name;
    std::string json;             // empty: it has no default
    std::vector<Member> members;  // of it, when it is an object
  };
  static std::vector<Member> members_of(std::string_view schema);
  static std::optional<std::string> fill(std::string_view object, const std::vector<Member>& members);
  static std::size_t bytes_of(const std::vector<Member>& members);

  std::vector<Member> members_;
  std::size_t bytes_;
};

}  // namespace nexus::panels
