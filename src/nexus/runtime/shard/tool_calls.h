// Finds the tool that a caller names and checks the arguments of the call, whichever way the call came.
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

namespace nexus::shard {

class ToolCalls {
 public:
  ToolCalls(const panels::Registry& registry, budget::Ledger& ledger)
      : registry_(registry), ledger_(ledger), schemas_(kMostSchemasBytes, ledger) {}

  // A call of the tool with `args`, the text that the caller has sent; nothing but white space stands for no arguments.
  // kPanelNotFound; kToolNotFound; kInvalidRequest when the text is no JSON object, or not what the tool's schema asks for;
  // kOverloaded when there is no memory to check it.
  std::expected<executions::ToolCall, ErrorResponse> find(std::string_view panel_id, std::string_view tool,
                                                          std::string_view args);
  // The same for a panel that has been found.
  std::expected<executions::ToolCall, ErrorResponse> find(std::shared_ptr<panels::Panel> panel,
                                                          std::string_view tool, std::string_view args);

 private:
  // Some thousand of the usual schemas. A loop that needs more compiles some of them again, which takes a tenth of a
  // millisecond.
  static constexpr std::size_t kMostSchemasBytes = 16 << 20;

  std::expected<executions::ToolCall, ErrorResponse> check_args(executions::ToolCall call);

  const panels::Registry& registry_;
  budget::Ledger& ledger_;
  panels::ArgsSchemas schemas_;
};

// kPanelNotFound.
Error panel_not_found(std::string_view id);

}  // namespace nexus::shard
