#include "nexus/metrics/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace nexus::metrics {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(std::initializer_list<Label> labels, double value) {
  text_ += name_;
  char before = '{';
  for (const Label& label : labels) {
    text_ += std::exchange(before, ',');
    text_ += label.name;
    text_ += "=\"";
    append_escaped(text_, label.value);
    text_ += '"';
  }
  if (labels.size() > 0) text_ += '}';
  // A counter up to 2^53 is printed with all its digits.
  fmt::format_to(std::back_inserter(text_), " {:.17g}\n", value);
}

}  // namespace nexus::metrics
