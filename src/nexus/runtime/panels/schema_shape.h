// What a tool's `args`, a JSON Schema of 2020-12, is built of: that each keyword has a value that it can have.
#pragma once

#include <string>
#include <string_view>

#include "nexus/runtime/panels/faults.h"

namespace nexus::panels {

inline constexpr std::size_t kMostArgsSchemaBytes = 64 << 10;
inline constexpr int kMostArgsSchemaDepth = 32;  // of objects and arrays, the schema itself included

// Adds a fault for each keyword whose value it cannot have, for each reference that leaves the schema, and when the schema
// is too large or too deep; with the place, below `path`. Unknown keywords are annotations.
// REQUIRES: `schema` is the checked text of a JSON object.
void check_schema_shape(std::string_view schema, const std::string& path, Faults& faults);

}  // namespace nexus::panels
