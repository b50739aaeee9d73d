// What a client asks for when it creates a panel, and the reading of it from JSON with every error named.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/capabilities.h"
#include "nexus/foundation/model/limits.h"
#include "nexus/foundation/model/state.h"
#include "nexus/foundation/model/validation_errors.h"
#include "nexus/runtime/panels/trigger.h"
#include "nexus/sandbox/handlers/handler_cache.h"

namespace nexus::panels {

// What the author of a panel or a tool asks for, as it was written. What is in force is filled in beside it.
struct Asked {
  std::optional<std::vector<std::string>> capabilities;  // none: those that it inherits
  struct Limit {
    std::string_view name;  // of limit_fields()
    std::uint64_t value;
  };
  std::vector<Limit> limits;
};

struct Tool {
  std::string name;
  std::string handler;  // its source
  Trigger trigger;
  std::string description;
  std::string args_schema_json;  // empty: none given
  Capabilities capabilities;
  Limits limits{};
  Asked asked;
  mutable handlers::Known known{};  // the loaded handler, as long as it is in the cache
};

// Complete: what a tool takes over from its panel or from the server is filled in.
struct Definition {
  std::string id;  // empty: the registry makes one
  std::string kind;
  std::string title;
  std::vector<Tool> tools;
  State initial_state;
  std::string scope_json = "{}";
  std::string metadata_json;  // empty: none given
  Asked asked;
  budget::Grant
      held{};  // kServer, for itself: it may outlive its place in the panel, as executions end on it

  const Tool* find_tool(std::string_view name) const;  // null: no such tool
};

// The most that any definition can have.
struct Ceiling {
  Limits limits{};
  Capabilities capabilities;
};

// Reads the file that a handler names as {"file":"add.js"}. Only definitions from files may do that: for those from
// clients it is left empty.
using HandlerFiles = std::function<Result<std::string>(const std::string& name)>;

// `id`: what the panel is called by whoever asks for it, which the text may repeat; empty: the text alone decides.
// Each member of a panel, a tool, a trigger and of limits may be there once. In what is only passed on (initialState, scope,
// metadata, args) the last of two counts, as in JSON.parse.
std::expected<Definition, ValidationErrors> parse_definition(std::string_view json, const Ceiling& ceiling,
                                                             const HandlerFiles& files = {},
                                                             std::string_view id = {});

}  // namespace nexus::panels
