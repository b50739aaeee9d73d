// The Prometheus text format, version 0.0.4.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace nexus::metrics {

struct Label {
  std::string_view name, value;
};

// Writes families one after another: family(), then its samples. Values of labels are escaped here.
class Exposition {
 public:
  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }

  void sample(std::initializer_list<Label> labels, double value);
  void sample(double value) { sample({}, value); }

  std::string take() && { return std::move(text_); }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);

  std::string text_;
  std::string name_;
};

}  // namespace nexus::metrics
