// The definition of a panel, and its parser from JSON, which reports every error.
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
#include "nexus/foundation/model/error_response.h"
#include "nexus/foundation/model/limits.h"
#include "nexus/foundation/model/state.h"
#include "nexus/runtime/panels/trigger.h"
#include "nexus/sandbox/handlers/handler_cache.h"

namespace nexus::panels {

// The capabilities and limits that the author wrote. The effective ones stand beside it.
struct Asked {
  std::optional<std::vector<std::string>> capabilities;  // none: inherited
  struct Limit {
    std::string_view name;  // see limit_fields()
    std::uint64_t value;
  };
  std::vector<Limit> limits;
};

struct Tool {
  std::string name;
  std::string handler;  // JavaScript source
  Trigger trigger;
  std::string description;
  std::string args_schema_json;  // empty: none
  Capabilities capabilities;
  Limits limits{};
  Asked asked;
  mutable handlers::Known known{};  // the loaded handler, while it is in the cache
};

// Complete: everything that a tool inherits from its panel or the server is filled in.
struct Definition {
  std::string id;  // empty: the registry makes an id
  std::string kind;
  std::string title;
  std::vector<Tool> tools;
  State initial_state;
  std::string scope_json = "{}";
  std::string metadata_json;  // empty: none
  Asked asked;
  budget::Grant
      held{};  // kServer; own grant, because executions may keep the definition after it was replaced

  const Tool* find_tool(std::string_view name) const;  // null: no such tool
};

// The most that a definition may ask for.
struct Ceiling {
  Limits limits{};
  Capabilities capabilities;
};

// Reads the file that a handler names as {"file":"add.js"}. Only definitions from files may name one; for definitions
// from clients it is empty.
using HandlerFiles = std::function<Result<std::string>(const std::string& name)>;

// `id`: the panel's id when the caller knows it; the text may repeat it. Empty: the id comes from the text alone.
// A member of a panel, a tool, a trigger or of limits may occur once. In texts that are only passed on (initialState,
// scope, metadata, args) the last of equal names counts, as in JSON.parse.
std::expected<Definition, ValidationErrors> parse_definition(std::string_view json, const Ceiling& ceiling,
                                                             const HandlerFiles& files = {},
                                                             std::string_view id = {});

}  // namespace nexus::panels
