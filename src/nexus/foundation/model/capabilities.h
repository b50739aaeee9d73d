// The permissions of a handler: "state:read:KEY", "state:write:KEY", "events:emit:NAME", "events:receive:PANEL",
// "view:update:ID", "ext:NAME". The last part may be "*" (all) or end in "*" (a prefix). A shorter pattern such as
// "state:*", or "*" alone, covers everything below it. A star elsewhere, an empty part, and a colon in the name of a
// panel or extension are malformed; names of keys, events and views may contain colons.
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
  // All of the panel's own state, events and view, but no extension.
  static Capabilities defaults();  // state:*, events:emit:*, view:*
  // The error is kInvalidRequest and names the malformed pattern.
  static Result<Capabilities> parse(std::span<const std::string> patterns);

  bool allows(Permission permission, std::string_view name) const;
  // nullopt if every permission of `other` is granted here too, else the first pattern of `other` that is not.
  std::optional<std::string> first_not_covered(const Capabilities& other) const;

  // The permissions that both grant.
  Capabilities within(const Capabilities& other) const;

  std::span<const std::string> patterns() const { return patterns_; }

 private:
  struct Grant {
    Permission permission;
    std::string name;  // exact, or a prefix
    bool is_prefix;
    bool covers(const Grant& other) const;
  };
  // The grants of one pattern; empty if it is malformed.
  static std::vector<Grant> grants_of(std::string_view pattern);

  std::vector<Grant> grants_;
  std::vector<std::string> patterns_;
};

// The pattern that would grant the permission, for messages: "state:write:cart".
std::string describe(Permission permission, std::string_view name);

}  // namespace nexus
