#include "nexus/runtime/exposition/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace nexus::exposition {
namespace {

void append_label(std::string& out, const Label& label) {
  out += label.name;
  out += "=\"";
  for (const char c : label.value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  out += '"';
}

// Divides instead of multiplying by 1e-9, so that 5000 ns give 5e-06 and not 4.9999999999999996e-06.
double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

void Exposition::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void Exposition::sample(Labels labels, double value) { line({}, labels, {}, value); }

void Exposition::durations(Labels labels, const DurationBuckets& buckets) {
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < buckets.bounds_ns.size(); ++i) {
    so_far += buckets.counts[i];
    line("_bucket", labels, fmt::format("{}", seconds(buckets.bounds_ns[i])), static_cast<double>(so_far));
  }
  const auto count = static_cast<double>(so_far + buckets.counts.back());
  line("_bucket", labels, "+Inf", count);
  line("_sum", labels, {}, seconds(buckets.sum_ns));
  line("_count", labels, {}, count);
}

void Exposition::line(std::string_view suffix, Labels labels, std::string_view less_or_equal, double value) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const Label& label : labels) {
    text_ += std::exchange(before, ',');
    append_label(text_, label);
  }
  if (!less_or_equal.empty()) {
    text_ += std::exchange(before, ',');
    append_label(text_, {"le", less_or_equal});
  }
  if (before == ',') text_ += '}';
  // The shortest text that reads back as the same number: no digit of a counter is lost.
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

}  // namespace nexus::exposition
