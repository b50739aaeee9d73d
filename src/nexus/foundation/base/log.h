// Lines of the log: words, and what they are about as fields, which programs can select by.
//
//   log_line(spdlog::level::warn, {{"panel", id}, {"tool", name}}, "not started: timeout");
//
// The two travel to the formatter as one text, in which a field ends with kFieldEnd and the last with kFieldsEnd; no words that
// come from outside have such characters, so nobody can make up a field.
#pragma once

#include <spdlog/spdlog.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nexus {

using LogField = std::pair<std::string_view, std::string_view>;

// Fields without a value are left out. Control characters in `words` and values are shown as escapes.
void log_line(spdlog::level::level_enum level, std::initializer_list<LogField> fields,
              std::string_view words);

struct LogParts {
  std::vector<LogField> fields;
  std::string_view words;
};
// Of what log_line() has written, or of any other text, which has no fields.
LogParts log_parts(std::string_view text);

std::string without_control_characters(std::string_view text);

}  // namespace nexus
