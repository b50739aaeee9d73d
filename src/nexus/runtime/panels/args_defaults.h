// The defaults of a tool's arguments: the `default` of each schema under `properties`, at any depth, for members that
// the caller left out. Schemas behind $ref, in allOf and the like are ignored.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// Immutable.
class ArgsDefaults {
 public:
  // `schema`: a JSON Schema. REQUIRES: checked JSON, an object.
  explicit ArgsDefaults(std::string_view schema);

  // `args` with the missing members, appended in the order of the schema. None: no member is missing. REQUIRES: checked
  // JSON, an object.
  std::optional<std::string> fill(std::string_view args) const;
  // The most bytes that fill() adds.
  std::size_t bytes() const { return bytes_; }

 private:
  struct Member {
    std::string name;
    std::string json;             // the default; empty: none
    std::vector<Member> members;  // when it is an object
  };
  static std::vector<Member> members_of(std::string_view schema);
  static std::optional<std::string> fill(std::string_view object, const std::vector<Member>& members);
  static std::size_t bytes_of(const std::vector<Member>& members);

  std::vector<Member> members_;
  std::size_t bytes_;
};

}  // namespace nexus::panels
