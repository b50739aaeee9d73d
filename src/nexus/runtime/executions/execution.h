// One execution that outlives its first segment: its data while it is suspended, while it runs on, and for a while after its end.
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

// Arguments that are not part of the caller's request.
struct OwnArgs {
  std::string json;
  budget::Grant held;  // kBuffers
};

// One call of a tool.
struct ToolCall {
  std::shared_ptr<panels::Panel> panel;
  // The definition in force when the call came. The call keeps it: a replacement does not change a call that waits or runs.
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool;    // of that definition
  std::string_view args_json;  // one JSON object, already checked; valid until the end of the first segment
  std::shared_ptr<const OwnArgs> own_args{};  // owns args_json; null: the caller owns it
  bool progress_to_caller =
      false;  // suspensions are reported to the caller only; otherwise to all subscribers of the panel
  bool keeps_result = false;  // the result can be asked for later, even when the first segment ends it
  TriggerType origin = TriggerType::kManual;  // what started it; kManual: a caller
  std::uint32_t depth = 0;                    // length of the chain of executions that started one another
  std::shared_ptr<const Trace> trace{};       // of the request; null: the request has none
};

// A call of an extension that is not settled.
struct PendingCall {
  extensions::CallId id{};
  std::uint64_t secret[2];   // makes the id of its suspension unguessable
  std::uint32_t number = 0;  // within the execution
  extensions::Extension* extension = nullptr;
  std::string_view method;  // valid as long as the table of extensions
  std::string data_json;    // for lists of suspensions; may be empty
  std::int64_t began_ms = 0, began_unix_ms = 0;
  std::int64_t ttl_ms = 0;
  std::int64_t expires_unix_ms() const { return began_unix_ms + ttl_ms; }
};

// An answer to a call, until the segment that receives it is over.
struct ArrivedAnswer {
  std::uint32_t number = 0;  // of the call
  extensions::Settlement settlement;
  budget::Grant held;  // kBuffers
};

// Thread safety: none; it belongs to the loop of its panel.
struct Execution {
  enum class Status : std::uint8_t { kSuspended, kRunning, kEnded };

  std::string id;
  ToolCall call;  // without arguments
  std::shared_ptr<const handlers::Handler> handler;
  std::optional<sandbox::Suspended> suspended;
  budget::Grant held;  // kSuspended, for the execution itself
  std::vector<PendingCall> pending;
  std::vector<ArrivedAnswer> answers;                // in order of arrival; each resumes one segment
  std::optional<ExecutionResult> result;             // once it has ended
  std::int64_t changed_ms = 0, changed_unix_ms = 0;  // the latest suspension, or the end
  Status status = Status::kRunning;
  std::uint32_t changes = 0;  // number of suspensions and ends so far
  bool cache_hit = false;
  bool is_hibernated = false;
  bool is_cancelled = false;  // requested while a segment runs

  bool has_ended() const { return status == Status::kEnded; }

  // Bytes charged for the execution and its result.
  std::uint64_t kept_bytes() const { return held.bytes() + (result ? result->held.bytes() : 0); }

  void changed_at(const Clock& clock) {
    changed_ms = clock.monotonic_ms();
    changed_unix_ms = clock.unix_ms();
  }

  // Called when it suspends again or ends. A hook may be removed at any time but within its own call.
  using Hooks = std::list<std::function<void()>>;
  Hooks hooks;
  void changed() {
    ++changes;
    for (const auto& hook : hooks)
      hook();
  }
};
using ExecutionPtr = std::shared_ptr<Execution>;

// Registers a hook for its own lifetime. The execution must outlive it.
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
