#include "nexus/base/log.h"

#include <fmt/format.h>

namespace nexus {
namespace {

constexpr char kFieldEnd = '\x1e', kFieldsEnd = '\x1f';

}  // namespace

void log_line(spdlog::level::level_enum level, std::initializer_list<LogField> fields,
              std::string_view words) {
  if (!spdlog::should_log(level)) return;
  std::string text;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (!text.empty()) text += kFieldEnd;
    text.append(name).append("=").append(without_control_characters(value));
  }
  if (!text.empty()) text += kFieldsEnd;
  text += without_control_characters(words);
  spdlog::log(level, std::string_view(text));
}

LogParts log_parts(std::string_view text) {
  LogParts parts;
  const auto end = text.find(kFieldsEnd);
  parts.words = end == std::string_view::npos ? text : text.substr(end + 1);
  std::string_view fields = end == std::string_view::npos ? std::string_view() : text.substr(0, end);
  while (!fields.empty()) {
    const std::string_view field = fields.substr(0, fields.find(kFieldEnd));
    const auto equals = field.find('=');
    if (equals != std::string_view::npos)
      parts.fields.emplace_back(field.substr(0, equals), field.substr(equals + 1));
    fields.remove_prefix(std::min(fields.size(), field.size() + 1));
  }
  return parts;
}

// Nobody must be able to write lines of their own making into the log, or to colour a terminal.
std::string without_control_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace nexus
