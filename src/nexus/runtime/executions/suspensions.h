// The calls of extensions that executions of one loop wait for: which execution waits, until when, and the id under which a
// client may answer.
//
//   execution suspends ──► begin() ──► Extension::start ─ ─ ► settle(), from any thread ──► posted ──► on_answer(execution)
//                            │ its time is over: kExpired          │ cancelled, settled already: dropped
//
// Thread safety: only settle() may be called on other threads. Must outlive the loop's last posted work.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/sandbox/execution/extension_table.h"

namespace nexus::executions {

class Suspensions final : public extensions::Settlements {
 public:
  struct Options {
    std::span<extensions::Extension* const> extensions;  // must outlive it
    std::uint64_t ttl_ms = 300'000;                      // SUSPENSION_TTL_MS
    std::size_t loops = 1, own = 0;                      // an id says which loop it is of
  };
  // A settlement and the bytes charged for it.
  struct Settled {
    extensions::Settlement settlement;
    budget::Grant held;
  };
  // Called on the loop, never from within begin(), after an answer was added to the execution's `answers`. Must not throw.
  using OnAnswer = std::function<void(const ExecutionPtr&)>;

  Suspensions(Executor executor, const Clock& clock, budget::Ledger& ledger, metrics::Probes& probes,
              Options options, OnAnswer on_answer);

  const sandbox::ExtensionTable& table() const { return table_; }

  // Begins the calls of the execution's segment.
  void begin(const ExecutionPtr& execution, std::vector<sandbox::ExtensionCall> calls);
  // Drops the pending calls and the answers of an execution that ends.
  void cancel(Execution& execution);
  void settle(extensions::CallId id, extensions::Settlement settlement) override;
  // Settles the calls whose time is over.
  void expire();

  // The pending call of `external` with this id. None: it is unknown, settled, or of another extension.
  struct Found {
    ExecutionPtr execution;
    extensions::CallId id;
  };
  std::optional<Found> get_suspended(std::string_view suspension_id) const;
  // As settle(), now; a call that is not pending is ignored. REQUIRES: on the loop.
  void answer(extensions::CallId id, Settled settled);
  Settled charge(extensions::Settlement settlement) const;

  std::size_t suspended_count() const { return waiting_.size(); }  // pending calls

 private:
  void expire(extensions::CallId id);
  struct Expiry {
    std::int64_t at_ms;  // by the monotonic clock
    extensions::CallId id;
    auto operator<=>(const Expiry&) const = default;
  };
  void expire_at(std::int64_t ms, extensions::CallId id);

  Executor executor_;
  const Clock& clock_;
  budget::Ledger& ledger_;
  metrics::Probes& probes_;
  Options options_;
  OnAnswer on_answer_;
  sandbox::ExtensionTable table_;
  std::unordered_map<extensions::CallId, ExecutionPtr> waiting_;
  std::vector<Expiry> expiries_;  // a heap, the first to come at its front; some of calls that are settled
  std::uint64_t next_id_ = 1;
};

// 16 hex digits of the call's id, 32 random ones.
std::string suspension_id(const PendingCall& call);
// A call of `external`, which a client is to answer.
bool is_external(const PendingCall& call);
// The index of the loop that a suspension's id names, whether or not there is such a suspension.
std::size_t loop_of_suspension(std::string_view id, std::size_t loops);

}  // namespace nexus::executions
