// Plain counters, kept where events happen; counters of several loops can be added.
//
// Thread safety: none. The probes of a loop are written and read on that loop.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

#include "nexus/foundation/base/duration_histogram.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/metrics/http_probe.h"
#include "nexus/foundation/model/result.h"
#include "nexus/foundation/model/trigger_type.h"

namespace nexus::metrics {

// From the shortest handlers (2 us) to beyond the default of TIMEOUT_MS (5 s).
using RunningTimes = DurationHistogram<1'000, 10'000'000'000>;
// A reset takes 1 us plus 50 ns per written page: from half a microsecond to the time of many thousand pages.
using ResetTimes = DurationHistogram<500, 10'000'000>;

struct ExecutionProbe {
  RunningTimes succeeded, failed;
  ResetTimes resets;                    // only measured resets
  std::uint64_t peak_memory_bytes = 0;  // the highest memoryPeakBytes
  HostCalls host_calls;

  void record(const ExecutionResult& result) {
    const ExecutionMetrics& used = result.metrics;
    (result.ok() ? succeeded : failed).record_us(used.execution_time_us);
    if (used.reset_ns) resets.record_ns(*used.reset_ns);
    peak_memory_bytes = std::max(peak_memory_bytes, used.memory_peak_bytes);
    add(used.host_calls);
  }
  void add(const ExecutionProbe& other) {
    succeeded.add(other.succeeded);
    failed.add(other.failed);
    resets.add(other.resets);
    peak_memory_bytes = std::max(peak_memory_bytes, other.peak_memory_bytes);
    add(other.host_calls);
  }

 private:
  void add(const HostCalls& calls) {
    host_calls.state_get += calls.state_get;
    host_calls.state_set += calls.state_set;
    host_calls.state_delete += calls.state_delete;
    host_calls.state_keys += calls.state_keys;
    host_calls.emit += calls.emit;
    host_calls.view += calls.view;
    host_calls.log += calls.log;
    host_calls.extension += calls.extension;
  }
};

// Executions that have not ended.
struct InProgress {
  std::uint64_t queued = 0;          // wait for their panel's turn or for an instance
  std::uint64_t running = 0;         // hold an instance
  std::uint64_t without_memory = 0;  // part of `queued`: wait for bytes
  std::uint64_t suspended = 0;       // wait for an extension
  std::uint64_t hibernated = 0;      // part of `suspended`: compressed

  void add(const InProgress& other) {
    queued += other.queued;
    running += other.running;
    without_memory += other.without_memory;
    suspended += other.suspended;
    hibernated += other.hibernated;
  }
};

// Counts one object in a counter while it exists; move_to() moves it to another counter. The counters must outlive
// it.
class Present {
 public:
  explicit Present(std::uint64_t& count) : count_(&count) { ++*count_; }
  Present(Present&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Present& operator=(Present&&) = delete;
  ~Present() {
    if (count_ != nullptr) --*count_;
  }

  void move_to(std::uint64_t& count) {
    --*std::exchange(count_, &count);
    ++count;
  }

 private:
  std::uint64_t* count_;
};

// Errors by code: executions that ended with the code and requests that were rejected with it.
struct ErrorProbe {
  std::array<std::uint64_t, kErrorCodeCount> by_code{};

  void record(ErrorCode code) { ++by_code[static_cast<std::size_t>(code)]; }
  void add(const ErrorProbe& other) {
    for (std::size_t code = 0; code < kErrorCodeCount; ++code)
      by_code[code] += other.by_code[code];
  }
};

// The layers that reject for lack of room: LimitReached::layer, and the labels of nexus_admission_rejected_total.
inline constexpr auto kLayers = std::to_array<std::string_view>({"container", "budget", "pool", "panel"});

// A layer counts as refusing for this long after its latest rejection.
inline constexpr std::int64_t kRefusingMs = 5000;

struct AdmissionProbe {
  std::array<std::uint64_t, kLayers.size()> by_layer{};
  // by_layer at the latest tick(), and the time until which each layer counts as refusing.
  std::array<std::uint64_t, kLayers.size()> seen{};
  std::array<std::int64_t, kLayers.size()> until_ms{};

  // Counts only rejections for lack of room.
  void record(const Error& error) {
    const bool was_for_room = error.code == ErrorCode::kOverloaded || error.code == ErrorCode::kPanelBusy;
    if (!was_for_room || !error.limit) return;
    const auto layer = std::ranges::find(kLayers, error.limit->layer);
    if (layer != kLayers.end()) ++by_layer[static_cast<std::size_t>(layer - kLayers.begin())];
  }
  // Called a few times a second, so that record() need not read the clock.
  void tick(std::int64_t now_ms) {
    for (std::size_t layer = 0; layer < by_layer.size(); ++layer) {
      if (std::exchange(seen[layer], by_layer[layer]) != by_layer[layer])
        until_ms[layer] = now_ms + kRefusingMs;
    }
  }
  bool is_refusing(std::size_t layer, std::int64_t now_ms) const {
    return by_layer[layer] != seen[layer] || now_ms < until_ms[layer];
  }
  void add(const AdmissionProbe& other) {
    for (std::size_t layer = 0; layer < by_layer.size(); ++layer) {
      by_layer[layer] += other.by_layer[layer];
      seen[layer] += other.seen[layer];
      until_ms[layer] = std::max(until_ms[layer], other.until_ms[layer]);
    }
  }
};

// From the duration of a local service's reply to the default of SUSPENSION_TTL_MS.
using SuspensionTimes = DurationHistogram<1'000'000, 500'000'000'000>;

// Extension calls for which executions were suspended. The names belong to the extensions, which outlive the probe.
struct SuspensionProbe {
  std::map<std::string_view, std::uint64_t> by_extension;
  SuspensionTimes times;  // of settled suspensions

  void began(std::string_view extension) { ++by_extension[extension]; }
  void ended(std::uint64_t ms) { times.record_us(ms * 1000); }
  void add(const SuspensionProbe& other) {
    for (const auto& [extension, count] : other.by_extension)
      by_extension[extension] += count;
    times.add(other.times);
  }
};

// Outcomes of triggers.
struct TriggerProbe {
  enum class Outcome : std::uint8_t {
    kStarted,
    kSkipped,  // a tick while the tool was busy, or a state change replaced by a later one
    kDropped,  // the queue was full, or the trigger was changed or deleted
    kRefused   // rejected for lack of room, or the chain of triggers was too long
  };
  static constexpr auto kOutcomes =
      std::to_array<std::string_view>({"started", "skipped", "dropped", "refused"});
  std::array<std::array<std::uint64_t, kOutcomes.size()>, kTriggerTypes.size()> counts{};

  void record(TriggerType type, Outcome outcome, std::uint64_t times = 1) {
    counts[static_cast<std::size_t>(type)][static_cast<std::size_t>(outcome)] += times;
  }
  void add(const TriggerProbe& other) {
    for (std::size_t type = 0; type < counts.size(); ++type) {
      for (std::size_t outcome = 0; outcome < kOutcomes.size(); ++outcome)
        counts[type][outcome] += other.counts[type][outcome];
    }
  }
};

struct Probes {
  ExecutionProbe executions;
  SuspensionProbe suspensions;
  TriggerProbe triggers;
  InProgress in_progress;
  ErrorProbe errors;
  AdmissionProbe admission;
  HttpProbe http;
  std::uint64_t ws_clients = 0;  // connected now

  // The Retry-After for requests that are rejected for lack of room now; the loop keeps it current.
  int retry_after_ms = 1000;

  // Counts a rejected request. Returns its error, with retry_after_ms set for kOverloaded if it was missing.
  Error refused(Error error) {
    errors.record(error.code);
    admission.record(error);
    if (error.code == ErrorCode::kOverloaded && !error.retry_after_ms) error.retry_after_ms = retry_after_ms;
    return error;
  }
  // Counts an execution that has ended, successfully or not.
  void ended(const ExecutionResult& result) {
    executions.record(result);
    if (result.error) errors.record(result.error->code);
  }
  void add(const Probes& other) {
    executions.add(other.executions);
    suspensions.add(other.suspensions);
    triggers.add(other.triggers);
    in_progress.add(other.in_progress);
    errors.add(other.errors);
    admission.add(other.admission);
    http.add(other.http);
    ws_clients += other.ws_clients;
  }
};

}  // namespace nexus::metrics
