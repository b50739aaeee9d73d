// Loads the settings: defaults < file < environment < flags, per key. Each value keeps its source, and all errors are
// reported together. The caller passes in the environment and the files; nothing here looks at the process.
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

// The value of a variable, or nullopt. An empty value counts as unset, because container tools pass one for a
// variable that is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct Flag {
  std::string name;  // as written: "--http-port"; an unknown flag is an error
  std::string value;
};

// A check that only a later part of the program can make: the accepted values if the setting is wrong, else nullopt.
struct Rule {
  std::string_view setting;  // the name of its row
  std::function<std::optional<std::string>(const Settings&)> broken_bound;
};

struct Sources {
  std::optional<std::string> file;  // its path
  Environment environment;          // each variable NAME is also read as NEXUS_NAME, which takes precedence
  std::vector<Flag> flags;
  ReadFile read_file;
  std::vector<Rule> rules{};
};

std::expected<Loaded, std::vector<ValidationError>> load(const Sources& sources);

// The errors of a RuntimeConfig that load() has not made: numbers out of bounds, MIN_INSTANCES above MAX_INSTANCES.
std::vector<ValidationError> validate(const RuntimeConfig& runtime);

}  // namespace nexus::config
