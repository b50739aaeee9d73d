#include "nexus/foundation/metrics/http_probe.h"

#include <algorithm>

namespace nexus::metrics {

void HttpProbe::add(const HttpLabels& labels, std::uint64_t times) {
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

}  // namespace nexus::metrics
