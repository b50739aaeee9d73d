// Checks that involve more than one row, or a file that a row names.
#pragma once

#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/config/loaded.h"
#include "nexus/foundation/config/validation_error.h"

namespace nexus::config {

// The settings that could be read so far.
struct Draft {
  Loaded loaded;
  std::set<std::string_view> faulty;  // rows that hold their default because the given value is wrong
};

// The error for a row whose value could be read and is not accepted.
ValidationError error_of(const Loaded& loaded, std::string_view name, std::string bound);

// Lowers defaults that depend on a given value: MIN_INSTANCES follows a MAX_INSTANCES below its default.
void let_defaults_follow(Draft& draft);

std::vector<ValidationError> check_together(const Draft& draft);

// The key that JWT_SECRET or JWT_SECRET_FILE holds; empty while authentication is off.
std::expected<std::string, ValidationError> find_key(const Draft& draft, const ReadFile& read_file);

// Warnings about settings that are accepted but risky.
std::vector<std::string> warnings_about(const Loaded& loaded);

// nullopt if MIN_INSTANCES is at most MAX_INSTANCES.
std::optional<ValidationError> check_instances(const RuntimeConfig& runtime, const std::string& origin);

}  // namespace nexus::config
