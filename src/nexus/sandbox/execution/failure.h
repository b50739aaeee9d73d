// Turns the guest's report of a failure into the error that the author sees: code, place in the source, and the limit
// that was reached. Private to sandbox/.
#pragma once

#include <optional>
#include <string_view>

#include "guest/border.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/limits.h"
#include "nexus/sandbox/execution/call.h"

namespace nexus::sandbox {

struct FailureContext {
  const control& guest;
  const Call& call;
  std::string_view source;
  const Limits& limits;
  const std::optional<LimitReached>& growth_refusal;  // of the linear memory
};

Error error_of_execution(const FailureContext& context);
Error error_of_load(const FailureContext& context);

// The first "handler.js:LINE:COLUMN" of a stack, with the text of that source line.
std::optional<SourceLocation> locate(std::string_view stack, std::string_view source);

}  // namespace nexus::sandbox
