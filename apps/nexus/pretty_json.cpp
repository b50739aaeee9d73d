#include "pretty_json.h"

namespace nexus::app {
namespace {

// The index behind the closing quote of the string that begins at `start`.
std::size_t end_of_string(std::string_view json, std::size_t start) {
  std::size_t at = start + 1;
  while (at < json.size() && json[at] != '"')
    at += json[at] == '\\' ? 2 : 1;
  return at + 1;
}

}  // namespace

std::string pretty_json(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  const auto break_line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    const bool is_empty =
        at + 1 < json.size() && (c == '{' || c == '[') &&
        json[at + 1] == c + 2;  // the closing bracket is two codes behind the opening one in ASCII
    if (is_empty) {
      out += json.substr(at++, 2);
    } else if (c == '"') {
      const std::size_t end = end_of_string(json, at);
      out += json.substr(at, end - at);
      at = end - 1;
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      break_line();
    } else if (c == '}' || c == ']') {
      --depth;
      break_line();
      out += c;
    } else if (c == ',') {
      out += c;
      break_line();
    } else {
      out += c;
      if (c == ':') out += ' ';
    }
  }
  return out;
}

}  // namespace nexus::app
