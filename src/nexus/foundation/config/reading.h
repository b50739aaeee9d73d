// Parses the text of a row into its value, and prints values without secrets.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/foundation/config/given.h"
#include "nexus/foundation/config/table.h"
#include "nexus/foundation/config/validation_error.h"

namespace nexus::config {

// Numbers are in the unit in which Settings keeps them: bytes, milliseconds or a count.
using Value = std::variant<std::uint64_t, bool, Authentication, std::string, std::vector<std::string>>;

// REQUIRES: `given` is for this row. The error states the row's bound, and masks a secret.
std::expected<Value, ValidationError> read(const Row& row, const Given& given);

// REQUIRES: the value was read for this row.
void set(const Row& row, Settings& settings, Value value);

// The accepted values: "a whole number from 0 to 65535".
std::string bound_of(const Row& row);

// True if the row's number in `settings` is within its bounds, or the row is not a number.
bool is_within_bounds(const Row& row, const Settings& settings);

// A value as an operator would write it, secrets masked. A number is in the row's unit if it is a multiple of it.
struct Shown {
  std::string value;      // empty: none
  std::string_view unit;  // "ms", "MiB", "bytes" or empty
};
Shown show(const Row& row, const Settings& settings);

// `text`, given for `row`, with the secret parts masked.
std::string masked(const Row& row, std::string_view text);

}  // namespace nexus::config
