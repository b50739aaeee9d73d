// Log lines: a text, and fields that programs can select by.
//
//   log_line(spdlog::level::warn, {{"panel", id}, {"tool", name}}, "not started: timeout");
//
// Both parts travel to the formatter as one text: a field ends with kFieldEnd, the last one with kFieldsEnd.
// log_line() escapes both characters in the parts, so nothing from outside can add a field.
#pragma once

#include <spdlog/spdlog.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nexus {

using LogField = std::pair<std::string_view, std::string_view>;

// Fields without a value are left out. Control characters in `words` and in values are escaped.
void log_line(spdlog::level::level_enum level, std::initializer_list<LogField> fields,
              std::string_view words);

struct LogParts {
  std::vector<LogField> fields;
  std::string_view words;
};
// The parts of a text that log_line() has written; any other text has no fields.
LogParts log_parts(std::string_view text);

std::string without_control_characters(std::string_view text);

}  // namespace nexus
