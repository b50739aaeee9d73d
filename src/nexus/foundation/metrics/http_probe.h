// Counts responses by route, method and status. Keeps only combinations that have occurred: all possible ones would
// be a thousand. They are few, so a linear search is fast.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nexus::metrics {

inline constexpr std::string_view kOther = "other";  // the label value of all unknown routes and methods

struct HttpLabels {
  std::string_view route;   // a pattern such as "/panels/:id", or kOther; valid for the whole process
  std::string_view method;  // "GET", or kOther; valid for the whole process
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
  // Bounds the series that a client can create by trying methods on routes; further combinations are counted with
  // route and method "other".
  static constexpr std::size_t kMostSeries = 256;

  void record(const HttpLabels& labels) { add(labels, 1); }
  void add(const HttpProbe& other) {
    for (const HttpCount& one : other.counts_)
      add(one.labels, one.count);
  }
  std::span<const HttpCount> counts() const { return counts_; }

 private:
  void add(const HttpLabels& labels, std::uint64_t times) {
    const auto found = std::ranges::find_if(counts_, [&](const HttpCount& one) {
      // The code comes first: it differs most often and is cheapest to compare.
      return one.labels.code == labels.code && one.labels.route == labels.route &&
             one.labels.method == labels.method;
    });
    if (found != counts_.end()) {
      found->count += times;
    } else if (counts_.size() < kMostSeries || (labels.route == kOther && labels.method == kOther)) {
      counts_.push_back({labels, times});
    } else {
      add({kOther, kOther, labels.code}, times);
    }
  }

  std::vector<HttpCount> counts_;
};

}  // namespace nexus::metrics
