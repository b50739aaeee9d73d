// From what was written for a row to its value, and back to what may be printed of it.
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

// Numbers are in the unit in which they are kept: bytes, milliseconds or things.
using Value = std::variant<std::uint64_t, bool, Authentication, std::string, std::vector<std::string>>;

// REQUIRES: given is for this row. The error names the row's bound, and masks a secret.
std::expected<Value, ValidationError> read(const Row& row, const Given& given);

// REQUIRES: the value was read for this row.
void set(const Row& row, Settings& settings, Value value);

// What it must be: "a whole number from 0 to 65535".
std::string bound_of(const Row& row);

// Whether its number in the settings is within its bounds; true for what is no number.
bool is_within_bounds(const Row& row, const Settings& settings);

// As an operator would write it, secrets masked; a number in its row's unit unless it is no whole number of those.
struct Shown {
  std::string value;      // empty: none
  std::string_view unit;  // "ms", "MiB", "bytes" or empty
};
Shown show(const Row& row, const Settings& settings);

// What may be printed of a text that was given for the row.
std::string masked(const Row& row, std::string_view text);

}  // namespace nexus::config
