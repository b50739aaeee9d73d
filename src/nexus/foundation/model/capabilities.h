// What a handler may touch: "state:read:KEY", "state:write:KEY", "events:emit:NAME", "events:receive:PANEL",
// "view:update:ID", "ext:NAME". The last part may be "*" (all) or end in "*" (a prefix); a shorter pattern such as
// "state:*", or "*" alone, covers all below it. A star anywhere else, an empty part, and a colon in the name of a panel or
// an extension are malformed; keys, events and views may have colons in their names.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"

namespace nexus {

enum class Permission : std::uint8_t { kStateRead, kStateWrite, kEmit, kReceive, kView, kExtension };

// Immutable after parsing; checks are thread-safe. An empty set grants nothing.
class Capabilities {
 public:
  // All of the panel's own state, events and view, and no extension.
  static Capabilities defaults();  // state:*, events:emit:*, view:*
  // kInvalidRequest names the pattern that is malformed.
  static Result<Capabilities> parse(std::span<const std::string> patterns);

  bool allows(Permission permission, std::string_view name) const;
  // Whether everything that `other` allows is allowed here too; `missing` is a pattern of `other` that isn't.
  std::optional<std::string> first_not_covered(const Capabilities& other) const;

  // What both allow.
  Capabilities within(const Capabilities& other) const;

  std::span<const std::string> patterns() const { return patterns_; }

 private:
  struct Grant {
    Permission permission;
    std::string name;  // exact, or a prefix
    bool is_prefix;
    bool covers(const Grant& other) const;
  };
  // The grants that one pattern stands for; empty when it is malformed.
  static std::vector<Grant> grants_of(std::string_view pattern);

  std::vector<Grant> grants_;
  std::vector<std::string> patterns_;
};

// The pattern that would allow it, for messages: "state:write:cart".
std::string describe(Permission permission, std::string_view name);

}  // namespace nexus
