// The calls of extensions that executions of one loop wait for: who waits, until when, and under which id others may answer.
//
//   execution suspends ──► begin() ──► Extension::start ─ ─ ► settle(), from any thread ──► posted ──► on_answer(execution)
//                            │ its time is over: kExpired          │ cancelled, settled already: nobody
//
// Thread safety: settle() alone may be called by others than the loop. Must outlive the loop's last posted work.
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
  // A settlement with what it is charged as.
  struct Settled {
    extensions::Settlement settlement;
    budget::Grant held;
  };
  // Called on the loop, never from within begin(): an answer has been added to the execution's.
  using OnAnswer = std::function<void(const ExecutionPtr&)>;

  Suspensions(Executor executor, const Clock& clock, budget::Ledger& ledger, metrics::Probes& probes,
              Options options, OnAnswer on_answer);

  const sandbox::ExtensionTable& table() const { return table_; }

  // Begins what the execution's segment has called.
  void begin(const ExecutionPtr& execution, std::vector<sandbox::ExtensionCall> calls);
  // Nobody waits for them any more.
  void cancel(Execution& execution);
  void settle(extensions::CallId id, extensions::Settlement settlement) override;
  // Answers those whose time is over.
  void expire();

  // The call of `external` with this id that is waiting; none: any other.
  struct Found {
    ExecutionPtr execution;
    extensions::CallId id;
  };
  std::optional<Found> get_suspended(std::string_view suspension_id) const;
  // As settle(), now. REQUIRES: on the loop; the call is waiting.
  void answer(extensions::CallId id, Settled settled);
  // Charges it.
  Settled take(extensions::Settlement settlement) const;

  std::size_t suspended_count() const { return waiting_.size(); }  // calls that wait

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
  std::vector<Expiry> expiries_;  // a heap, the first to come at its front; some of calls that are gone
  std::uint64_t next_id_ = 1;
};

// 16 digits of the call, 32 of chance. `loops`: as for Suspensions.
std::string suspension_id(const PendingCall& call);
// Whether somebody outside is to answer it.
bool is_external(const PendingCall& call);
// Which of the loops an id is of, whether or not there is such a suspension.
std::size_t loop_of_suspension(std::string_view id, std::size_t loops);

}  // namespace nexus::executions
