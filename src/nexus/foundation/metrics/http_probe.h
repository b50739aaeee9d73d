// Responses to HTTP requests, by what was asked and how it was answered. Only combinations that have occurred are kept: all
// that could would be a thousand. There are few, so that finding one is a short walk.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nexus::metrics {

inline constexpr std::string_view kOther = "other";  // a label value that stands for all that are not ours

struct HttpLabels {
  std::string_view route;   // a pattern such as "/panels/:id", or kOther; valid for ever
  std::string_view method;  // "GET", or kOther; valid for ever
  unsigned code = 0;        // HTTP status
  auto operator<=>(const HttpLabels&) const = default;
};

struct HttpCount {
  HttpLabels labels;
  std::uint64_t count = 0;
};

// Not thread-safe.
class HttpProbe {
 public:
  // A client that tries every method on every route, in every wrong way, makes no more series than these; what comes then
  // is counted with both route and method as "other".
  static constexpr std::size_t kMostSeries = 256;

  void record(const HttpLabels& labels) { add(labels, 1); }
  void add(const HttpProbe& other) {
    for (const HttpCount& one : other.counts_)
      add(one.labels, one.count);
  }
  std::span<const HttpCount> counts() const { return counts_; }

 private:
  void add(const HttpLabels& labels, std::uint64_t times);

  std::vector<HttpCount> counts_;
};

}  // namespace nexus::metrics
