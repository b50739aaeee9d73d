// Finds the tool of a call and checks the arguments, for HTTP requests, WebSocket commands and triggers alike.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/panels/args_schema.h"
#include "nexus/runtime/panels/registry.h"

namespace nexus::executions {

class ToolCalls {
 public:
  ToolCalls(const panels::Registry& registry, budget::Ledger& ledger)
      : registry_(registry), ledger_(ledger), schemas_(kMostSchemasBytes, ledger) {}

  // `args`: the text that the caller sent; empty or white space: no arguments. Fails with kPanelNotFound;
  // kToolNotFound; kInvalidRequest when the text is no JSON object or does not match the tool's schema; kOverloaded
  // when there is no memory to check it.
  std::expected<ToolCall, ErrorResponse> find(std::string_view panel_id, std::string_view tool,
                                              std::string_view args);
  // The same for a known panel.
  std::expected<ToolCall, ErrorResponse> find(std::shared_ptr<panels::Panel> panel, std::string_view tool,
                                              std::string_view args);
  // A trigger's call. `args`: an object that the server has written; the tool's schema is for callers. Fails with
  // kToolNotFound.
  static std::expected<ToolCall, ErrorResponse> find(std::shared_ptr<panels::Panel> panel,
                                                     std::string_view tool,
                                                     std::shared_ptr<const OwnArgs> args, TriggerType origin);

 private:
  // About a thousand schemas of usual size. A schema that was evicted is compiled again, in about 0.1 ms.
  static constexpr std::size_t kMostSchemasBytes = 16 << 20;

  std::expected<ToolCall, ErrorResponse> check_args(ToolCall call, std::size_t values);

  const panels::Registry& registry_;
  budget::Ledger& ledger_;
  panels::ArgsSchemas schemas_;
};

// kPanelNotFound.
Error panel_not_found(std::string_view id);

}  // namespace nexus::executions
