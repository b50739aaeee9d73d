// The error of a failed call, as its handler sees it.
#pragma once

#include <string>
#include <string_view>

#include "nexus/foundation/json/json_text.h"
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
inline Settlement settlement_of(const CallError& error) {
  JsonObject json;
  json.add("name", error.name).add("message", error.message);
  if (!error.code.empty()) json.add("code", error.code);
  return {Settlement::Kind::kError, json.text()};
}

}  // namespace nexus::extensions
