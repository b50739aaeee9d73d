// The host's side of one execution or load: serves the guest's host calls, enforces limits and capabilities, and
// collects the changes. Nothing from the guest is trusted: every pointer is checked against its memory, and every
// text is validated. A guest that breaks the protocol is stopped with a trap; a request beyond a limit gets an error
// that the handler can catch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/foundation/base/clock.h"
#include "nexus/sandbox/execution/execution_request.h"
#include "nexus/sandbox/execution/suspended.h"

namespace nexus::sandbox {

// The reason to stop a guest.
inline constexpr const char* kForgedJson = "the guest sent something that is not JSON";

// The guest's report of a failure, before it becomes an Error.
struct Failure {
  std::string message;
  std::string stack;
};

// Not thread-safe. Belongs to one execution.
class Call {
 public:
  enum class Purpose : std::uint8_t { kLoad, kExecution };
  Call(Purpose purpose, const ExecutionRequest& request, const Clock& clock, budget::Ledger& ledger);
  // For an execution that is resumed.
  Call(const ExecutionRequest& request, const Clock& clock, Carried carried);

  // host_call's result in `value`; `trap` is null or the reason to stop the guest.
  struct Reply {
    std::int32_t value = 0;
    const char* trap = nullptr;
  };
  // Writes as much as fits to `out`; a longer result waits for take().
  Reply handle(std::int32_t op, std::string_view a, std::string_view b, std::span<std::byte> out);
  std::int32_t take(std::span<std::byte> out);
  // Texts that are too long for the guest's input area, in the order in which it will take them.
  void give_later(std::string_view text);

  std::int64_t now_ms() const;        // in steps of 1 ms; constant while a handler is loaded
  std::int64_t monotonic_ms() const;  // since the start of the execution
  void fill_random(std::span<std::byte> out) const;

  // ---- after the guest has returned ----
  bool has_result() const { return has_result_; }
  const std::optional<Failure>& failure() const { return failure_; }
  const std::optional<Error>& refusal() const { return refusal_; }  // the latest
  ExecutionResult& result() { return result_; }
  // Moves the changes into the result; without this call they are lost.
  void commit();

  // ---- between two segments ----
  // True while a call is not settled.
  bool waits() const { return unsettled_calls_ > 0; }
  std::vector<ExtensionCall> take_calls() { return std::move(calls_); }
  // Returns the changes of the segment; they are also carried into the next one.
  Journal end_segment();
  Carried carry();

 private:
  enum class Kind : char { kPermission = 'P', kLimit = 'L', kNoExtension = 'N' };

  Reply refuse(Kind kind, Error error);
  Reply refuse_permission(Permission permission, std::string_view name);
  Reply refuse_limit(std::string_view setting, std::uint64_t limit, std::uint64_t wanted,
                     std::string_view what);
  // Charges bytes that are about to be copied from the guest; returns an Answer if the ledger refuses.
  std::optional<Reply> charge_copy(std::uint64_t bytes);
  // Repairs and checks a text that the guest sends as JSON. Returns an Answer if it is rejected: a trap if it is
  // malformed, an error if it is too deep.
  std::optional<Reply> check_guest_json(std::string& text, std::string_view what);
  Reply give(std::string text, std::span<std::byte> out);
  bool allows(Permission permission, std::string_view name) const;

  Reply state_get(std::string_view key, std::span<std::byte> out);
  Reply state_keys(std::span<std::byte> out);
  Reply state_change(std::int32_t op, std::string_view key, std::string_view json);
  Reply emit(std::string_view name, std::string_view payload);
  Reply view(std::string_view id, std::string_view command);
  Reply extension_methods(std::string_view name, std::span<std::byte> out);
  Reply extension_call(std::string_view name, std::string_view args);
  Reply log(std::string_view text, std::string_view level);
  Reply finish(std::string_view json);

  std::optional<Reply> count_host_call(std::uint64_t& counter);
  const std::string* current(std::string_view key) const;  // the journal, then the state
  StateMutation* change_of(std::string_view key);
  std::optional<Reply> record(std::string_view key, std::optional<std::string> json);
  std::optional<Reply> charge_journal(std::uint64_t bytes);

  Purpose purpose_;
  const ExecutionRequest& request_;
  const Clock& clock_;
  std::int64_t started_ms_;
  ExecutionResult result_;
  Journal journal_;
  std::unordered_map<std::string, std::size_t> change_index_;  // built only when there are many
  std::uint64_t mutations_ = 0;
  std::uint64_t journal_bytes_ = 0;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t copied_bytes_ = 0;
  std::int64_t state_growth_ = 0;
  std::vector<ExtensionCall> calls_;  // of this segment
  std::uint32_t next_call_ = 0;
  std::uint32_t unsettled_calls_ = 0;
  bool has_result_ = false;
  std::optional<Failure> failure_;
  std::optional<Error> refusal_;
  std::string waiting_;                  // for take(): the rest of a result
  std::vector<std::string_view> later_;  // for take(): inputs
  std::size_t later_taken_ = 0;
};

}  // namespace nexus::sandbox
