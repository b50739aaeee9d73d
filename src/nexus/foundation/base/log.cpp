#include "nexus/foundation/base/log.h"

#include <fmt/format.h>

namespace nexus {
namespace {

constexpr char kFieldEnd = '\x1e', kFieldsEnd = '\x1f';

// C0, DEL, C1, line separators, and the characters that change the direction of text.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

struct Letter {
  char32_t code;
  std::size_t bytes;
};
// Decodes only the characters that is_control() may match; any other byte is returned as U+FFFD.
Letter first_of(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto goes_on = [&](std::size_t at) { return at < text.size() && (byte(at) & 0xc0) == 0x80; };
  if (byte(0) < 0x80) return {byte(0), 1};
  if (byte(0) == 0xc2 && goes_on(1)) return {byte(1), 2};
  if (byte(0) == 0xe2 && goes_on(1) && goes_on(2))
    return {static_cast<char32_t>(0x2000 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f)), 3};
  return {0xfffd, 1};
}

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

// Escapes control characters, so that text from outside cannot forge log lines or colour a terminal.
std::string without_control_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto [code, bytes] = first_of(text);
    if (code == '\n') {
      out += "\\n";
    } else if (is_control(code)) {
      out += code < 0x100 ? fmt::format("\\x{:02x}", std::uint32_t{code})
                          : fmt::format("\\u{:04x}", std::uint32_t{code});
    } else {
      out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes);
  }
  return out;
}

}  // namespace nexus
