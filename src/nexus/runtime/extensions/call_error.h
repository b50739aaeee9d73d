// The error of a failed call, as its handler sees it.
#pragma once

#include <string>
#include <string_view>

#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

struct CallError {
  std::string_view name;  // "TypeError"; a literal
  std::string message;
  std::string_view code{};  // a literal; empty: none
};

inline CallError type_error(std::string message) { return {"TypeError", std::move(message)}; }
inline CallError range_error(std::string message) { return {"RangeError", std::move(message)}; }

// {"name":...,"message":...,"code":...}
Settlement settlement_of(const CallError& error);

}  // namespace nexus::extensions
