// The configuration file: TOML, with a table per group. Keys may be written as in table.h or in camelCase.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/config/given.h"
#include "nexus/foundation/config/validation_error.h"

namespace nexus::config {

struct FileContent {
  std::map<std::string_view, Given> given;  // by name of the row
  std::vector<ValidationError> errors;      // in the order of the lines: syntax errors and unknown keys
};

// `path` is only for the origins. Values are not checked yet.
FileContent read_toml(const std::string& path, std::string_view text);

}  // namespace nexus::config
