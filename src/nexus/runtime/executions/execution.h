// One execution that has outlived its first segment: what is kept of it while it waits, runs on, and for a while after its
// end.
//
//   suspended ◄──► running ──► ended
//        └── cancelled, its panel deleted ──┘
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/trace.h"
#include "nexus/runtime/extensions/extension.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/suspended.h"
#include "nexus/sandbox/handlers/handler.h"

namespace nexus::executions {

// Arguments that are not the caller's own text.
struct OwnArgs {
  std::string json;
  budget::Grant held;  // kBuffers
};

// One call of a tool.
struct ToolCall {
  std::shared_ptr<panels::Panel> panel;
  // In force when the call came, and kept for it: it may be replaced while the call waits or runs.
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool;    // of that definition
  std::string_view args_json;  // one JSON object, already checked; valid until the first segment is over
  std::shared_ptr<const OwnArgs> own_args{};  // what args_json is of; null: who calls has it
  bool tells_its_caller = false;              // of its waits; otherwise all who watch the panel are told
  bool keeps_result = false;                  // for who asks later, even when it ends at once
  TriggerType origin = TriggerType::kManual;  // what has started it; kManual: a caller
  std::uint32_t depth = 0;                    // how many executions before it have started one another
  std::shared_ptr<const Trace> trace{};       // of the request; null: there is none, or it says nothing
};

// A call of an extension that is not settled.
struct PendingCall {
  extensions::CallId id{};
  std::uint64_t secret[2];   // what makes its suspension's id unguessable
  std::uint32_t number = 0;  // within the execution
  extensions::Extension* extension = nullptr;
  std::string_view method;  // valid as long as the table of extensions
  std::string data_json;    // for those who list it; empty: nothing
  std::int64_t began_ms = 0, began_unix_ms = 0;
  std::int64_t ttl_ms = 0;
  std::int64_t expires_unix_ms() const { return began_unix_ms + ttl_ms; }
};

// An answer that waits for its segment.
struct Arrived {
  std::uint32_t number = 0;
  extensions::Settlement settlement;
  budget::Grant held;  // kBuffers
};

// Not thread-safe: it belongs to the loop of its panel.
struct Execution {
  enum class Status : std::uint8_t { kSuspended, kRunning, kEnded };

  std::string id;
  ToolCall call;  // without arguments
  std::shared_ptr<const handlers::Handler> handler;
  std::optional<sandbox::Suspended> suspended;
  budget::Grant held;  // kSuspended, for itself
  std::vector<PendingCall> pending;
  std::vector<Arrived> arrived;
  // Once it has ended.
  std::optional<ExecutionResult> result;
  std::int64_t changed_ms = 0, changed_unix_ms = 0;  // its latest suspension, or its end
  Status status = Status::kRunning;
  std::uint32_t changes = 0;  // how often it has suspended or ended
  bool cache_hit = false;
  bool is_packed = false;
  bool is_cancelled = false;  // while a segment runs
  bool is_lost = false;       // there was no memory to end it

  bool has_ended() const { return status == Status::kEnded; }

  // What its result is charged as.
  std::uint64_t kept_bytes() const { return held.bytes() + (result ? result->held.bytes() : 0); }

  void changed_at(const Clock& clock) {
    changed_ms = clock.monotonic_ms();
    changed_unix_ms = clock.unix_ms();
  }

  // Who wants to know when it suspends again or ends. A hook may go at any time but within its call.
  using Hooks = std::list<std::function<void()>>;
  Hooks hooks;
  void changed() {
    ++changes;
    for (const auto& hook : hooks)
      hook();
  }
};
using ExecutionPtr = std::shared_ptr<Execution>;

// Why one has ended that was ended from outside.
inline constexpr std::string_view kShutsDown = "the server is shutting down";
inline Error cancelled(std::string_view why) {
  return {.code = ErrorCode::kCancelled, .message = std::string(why)};
}

// One of an execution's hooks, as long as it lives. The execution must outlive it.
class Hook {
 public:
  Hook(Execution& execution, std::function<void()> call)
      : execution_(execution), place_(execution.hooks.insert(execution.hooks.end(), std::move(call))) {}
  ~Hook() { execution_.hooks.erase(place_); }
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

 private:
  Execution& execution_;
  Execution::Hooks::iterator place_;
};

}  // namespace nexus::executions
