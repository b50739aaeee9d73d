// Defaults < file < environment < flags, key by key; each value remembers where it came from, and all errors are found at
// once. Whoever calls brings the environment and the files: nothing here looks at the process.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/config/loaded.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/config/validation_error.h"

namespace nexus::config {

// The value of a variable, or none. An empty value counts as none, because that is what container tools pass on for a
// variable that isn't set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct Flag {
  std::string name;  // as it was written: "--http-port"; an unknown one is an error
  std::string value;
};

// What only a later part knows of a value: what it must be, or none when it is right.
struct Rule {
  std::string_view setting;  // the name of its row
  std::function<std::optional<std::string>(const Settings&)> broken_bound;
};

struct Sources {
  std::optional<std::string> file;  // its path
  Environment environment;          // each variable NAME is also read as NEXUS_NAME, which wins
  std::vector<Flag> flags;
  ReadFile read_file;
  std::vector<Rule> rules{};
};

std::expected<Loaded, std::vector<ValidationError>> load(const Sources& sources);

// What is wrong with one that load() has not made: numbers beyond their bounds, and fewer instances than are kept warm.
std::vector<ValidationError> validate(const RuntimeConfig& runtime);

}  // namespace nexus::config
