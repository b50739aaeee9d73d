// The Prometheus text format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "nexus/foundation/base/duration_histogram.h"

namespace nexus::exposition {

struct Label {
  std::string_view name, value;
};

// Writes metric families one after another: first counter(), gauge() or histogram(), then the samples. It escapes the
// values of labels. REQUIRES: `help` has no line breaks and no backslashes; each family, and each label set within it,
// is written once.
class Exposition {
 public:
  using Labels = std::initializer_list<Label>;

  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }
  void histogram(std::string_view name, std::string_view help) { family(name, help, "histogram"); }

  void sample(Labels labels, double value);
  void sample(Labels labels, std::uint64_t value) { sample(labels, static_cast<double>(value)); }
  void sample(double value) { sample({}, value); }
  void sample(std::uint64_t value) { sample({}, value); }
  // The samples of a histogram, in seconds. The count is computed from the buckets, so that the two cannot disagree.
  void durations(Labels labels, const DurationBuckets& buckets);

  std::string take() && { return std::move(text_); }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void line(std::string_view suffix, Labels labels, std::string_view less_or_equal, double value);

  std::string text_;
  std::string_view name_;
};

}  // namespace nexus::exposition
