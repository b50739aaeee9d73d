// What depends on more than one row, or on a file that a row names.
#pragma once

#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/config/loaded.h"
#include "nexus/foundation/config/validation_error.h"

namespace nexus::config {

// The settings as far as they could be read.
struct Draft {
  Loaded loaded;
  std::set<std::string_view> faulty;  // names of rows that hold their default because what was given is wrong
};

// That the value in effect of a row is not right, though it could be read.
ValidationError error_of(const Loaded& loaded, std::string_view name, std::string bound);

// Who asks for one instance at most does not ask for two warm ones.
void let_defaults_follow(Draft& draft);

std::vector<ValidationError> check_together(const Draft& draft);

// The key that JWT_SECRET or JWT_SECRET_FILE holds; empty while authentication is off.
std::expected<std::string, ValidationError> find_key(const Draft& draft, const ReadFile& read_file);

// What is allowed, and should still be known.
std::vector<std::string> warnings_about(const Loaded& loaded);

// None when there are no fewer instances than are kept warm.
std::optional<ValidationError> check_instances(const RuntimeConfig& runtime, const std::string& origin);

}  // namespace nexus::config
