// The sandbox in the language of tests:
//
//   Sandbox sandbox;
//   sandbox.run("return $args.a + 1", {.args = R"({"a":1})"}).expect_value("2");
//   sandbox.run("for (;;) {}").expect(ErrorCode::kTimeout);
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::testing {

struct RunOptions {
  std::string args = "{}";
  std::string state = "{}";
  std::string scope = "{}";
  std::vector<std::string> capabilities{};  // empty: the defaults
  Limits limits{};
};

// The outcome of a run. Its checks report the line of the test that called them.
class Outcome {
 public:
  explicit Outcome(ExecutionResult result) : result_(std::move(result)) {}

  const Outcome& expect(ErrorCode code) const;
  const Outcome& expect_message(std::string_view part) const;  // in the error's message
  const Outcome& expect_at(int line, int column) const;
  const Outcome& expect_value(std::string_view json) const;  // success, with this value
  const Outcome& expect_success() const;

  const ExecutionResult& result() const { return result_; }
  std::string describe() const;

 private:
  ExecutionResult result_;
};

// A ledger with a limit that a test sets.
class BoundedLedger final : public budget::BoundedLedger {
 public:
  void set_limit(std::uint64_t bytes) { set(bytes, {}, {.limit_bytes = bytes}); }
};

// The beginning of a handler that runs until the test calls let_go() of the clock: it waits for the year 2200.
inline constexpr std::int64_t kFarAwayMs = 7'258'118'400'000;
inline constexpr const char* kHold = "while (Date.now() < 7258118400000); ";

// The machine's clocks, which a test can advance, or replace: after stand_still() time passes only by advance_*().
class AdvancedClock final : public Clock {
 public:
  std::int64_t unix_ms() const override {
    const std::int64_t now_ms =
        is_still_ ? kStillUnixMs + static_cast<std::int64_t>(ahead_us_ / 1000) : system_.unix_ms();
    return now_ms + static_cast<std::int64_t>(ahead_ms_) + set_by_ms_;
  }
  std::uint64_t monotonic_us() const override {
    if (look_us_ > 0) ahead_us_ += look_us_;
    return (is_still_ ? kStillUs : system_.monotonic_us()) + ahead_ms_ * 1000 + ahead_us_;
  }
  std::uint64_t thread_cpu_us() const override {
    return is_still_ ? monotonic_us() : system_.thread_cpu_us();
  }
  void stand_still() { is_still_ = true; }
  void advance_ms(std::uint64_t ms) { ahead_ms_ += ms; }
  void advance_us(std::uint64_t us) { ahead_us_ += us; }
  // From now on each call of the clock advances it by so much: time passes between any two calls.
  void take_for_each_look_us(std::uint64_t us) { look_us_ = us; }
  // Sets the wall clock forward or back, without time passing.
  void set_wall_by_ms(std::int64_t ms) { set_by_ms_ += ms; }
  // Ends the wait of all handlers that begin with kHold, now and later. No time limit depends on the wall clock.
  void let_go() { set_by_ms_ = kFarAwayMs - system_.unix_ms(); }

 private:
  static constexpr std::int64_t kStillUnixMs = 1'767'225'600'000;  // 2026-01-01
  static constexpr std::uint64_t kStillUs = 1'000'000'000;

  SystemClock system_;
  bool is_still_ = false;
  std::atomic<std::uint64_t> ahead_ms_{0};
  std::atomic<std::int64_t> set_by_ms_{0};
  std::atomic<std::uint64_t> look_us_{0};
  mutable std::atomic<std::uint64_t> ahead_us_{0};
};

// The runtime, of which a process can have only one at a time, and one instance of it.
class Sandbox {
 public:
  explicit Sandbox(memory::Tracking tracking = memory::Tracking::kLearnHotPages,
                   std::size_t max_memories = 16);
  // Simulates: time stands still but for `clock`, which must outlive the sandbox, and slices end as `ends_slice` says.
  Sandbox(AdvancedClock& clock, std::function<bool()> ends_slice, std::size_t max_memories);

  Outcome run(std::string_view source, const RunOptions& options = {});
  // Loads the handler without a run: the image or the error.
  Result<std::shared_ptr<const memory::Image>> load(std::string_view source, const Limits& limits = {});
  Outcome run_image(const std::shared_ptr<const memory::Image>& image, std::string_view source,
                    const RunOptions& options = {});

  // The instance of the next run; a new one when the last was retired.
  sandbox::Instance& instance();
  sandbox::Runtime& runtime() { return *runtime_; }
  BoundedLedger& ledger() { return ledger_; }
  AdvancedClock& clock() { return clock_; }

 private:
  AdvancedClock own_clock_;
  AdvancedClock& clock_ = own_clock_;
  BoundedLedger ledger_;
  std::unique_ptr<sandbox::Runtime> runtime_;
  std::unique_ptr<sandbox::Instance> instance_;
};

}  // namespace nexus::testing
