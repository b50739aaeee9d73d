#include "nexus/runtime/executions/suspensions.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "nexus/foundation/base/random.h"
#include "nexus/foundation/base/text.h"

namespace nexus::executions {
namespace {

using extensions::CallId;
using extensions::Settlement;

constexpr std::size_t kDigits = 16;

PendingCall* find(Execution& execution, CallId id) {
  const auto found = std::ranges::find(execution.pending, id, &PendingCall::id);
  return found == execution.pending.end() ? nullptr : &*found;
}

}  // namespace

std::string suspension_id(const PendingCall& call) {
  return fmt::format("{:016x}{:016x}{:016x}", static_cast<std::uint64_t>(call.id), call.secret[0],
                     call.secret[1]);
}

bool is_external(const PendingCall& call) { return call.extension->name() == "external"; }

std::size_t loop_of_suspension(std::string_view id, std::size_t loops) {
  return hex_number(id.substr(0, kDigits)).value_or(0) % loops;
}

Suspensions::Suspensions(Executor executor, const Clock& clock, budget::Ledger& ledger,
                         metrics::Probes& probes, Options options, OnAnswer on_answer)
    : executor_(executor),
      clock_(clock),
      ledger_(ledger),
      probes_(probes),
      options_(options),
      on_answer_(std::move(on_answer)) {
  for (const extensions::Extension* extension : options_.extensions) {
    table_.add(extension->name(), extension->methods());
    probes_.suspensions.by_extension[extension->name()];  // shown from the start
  }
}

void Suspensions::begin(const ExecutionPtr& execution, std::vector<sandbox::ExtensionCall> calls) {
  const std::int64_t now_ms = clock_.monotonic_ms(), now_unix_ms = clock_.unix_ms();
  execution->pending.reserve(execution->pending.size() + calls.size());
  for (const sandbox::ExtensionCall& made : calls) {
    const auto found = std::ranges::find(options_.extensions, made.extension, &extensions::Extension::name);
    extensions::Extension& extension = **found;
    PendingCall call;
    call.id = CallId{next_id_++ * options_.loops + options_.own};
    call.secret[0] = random_u64();
    call.secret[1] = random_u64();
    call.number = made.number;
    call.extension = &extension;
    call.method = table_.find(made.extension, made.method);
    call.began_ms = now_ms;
    call.began_unix_ms = now_unix_ms;
    waiting_.emplace(call.id, execution);
    execution->pending.push_back(call);
    extensions::Started started = extension.start(
        {call.id, call.method, made.args_json, execution->call.panel->id(), execution->call.trace.get()},
        *this);
    PendingCall& kept = execution->pending.back();
    kept.data_json = std::move(started.data_json);
    kept.ttl_ms = static_cast<std::int64_t>(started.ttl_ms.value_or(options_.ttl_ms));
    expire_at(now_ms + kept.ttl_ms, kept.id);
    probes_.suspensions.began(extension.name());
  }
}

// Most calls are settled long before their time. The expiries that they leave are erased when they are half of all.
void Suspensions::expire_at(std::int64_t ms, CallId id) {
  constexpr std::size_t kFew = 1024;
  if (expiries_.size() > 2 * suspended_count() + kFew) {
    std::erase_if(expiries_, [this](const Expiry& one) { return !waiting_.contains(one.id); });
    std::ranges::make_heap(expiries_, std::greater());
  }
  expiries_.push_back({ms, id});
  std::ranges::push_heap(expiries_, std::greater());
}

void Suspensions::cancel(Execution& execution) {
  for (const PendingCall& call : execution.pending) {
    waiting_.erase(call.id);
    call.extension->cancel(call.id);
  }
  execution.pending.clear();
  execution.answers.clear();
}

void Suspensions::settle(CallId id, Settlement settlement) {
  asio::post(executor_, [this, id, settled = charge(std::move(settlement))]() mutable {
    answer(id, std::move(settled));
  });
}

// The text exists already, so it is charged without being granted; its extension has asked the ledger before.
Suspensions::Settled Suspensions::charge(Settlement settlement) const {
  budget::Grant held = ledger_.open(budget::Kind::kBuffers);
  held.set_to(settlement.json.size());
  return {std::move(settlement), std::move(held)};
}

void Suspensions::answer(CallId id, Settled settled) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const ExecutionPtr execution = found->second;
  const PendingCall& call = *find(*execution, id);
  execution->answers.push_back({call.number, std::move(settled.settlement), std::move(settled.held)});
  waiting_.erase(found);
  probes_.suspensions.ended(static_cast<std::uint64_t>(clock_.monotonic_ms() - call.began_ms));
  std::erase_if(execution->pending, [id](const PendingCall& other) { return other.id == id; });
  on_answer_(execution);
}

void Suspensions::expire() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  while (!expiries_.empty() && expiries_.front().at_ms <= now_ms) {
    std::ranges::pop_heap(expiries_, std::greater());
    const Expiry due = expiries_.back();
    expiries_.pop_back();
    expire(due.id);
  }
}

void Suspensions::expire(CallId id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end()) return;
  const PendingCall& call = *find(*found->second, id);
  call.extension->cancel(id);
  Settlement expired = extensions::error_settlement(
      "SuspensionExpired",
      fmt::format("{}.{} was not answered within {} ms", call.extension->name(), call.method, call.ttl_ms));
  expired.kind = Settlement::Kind::kExpired;
  answer(id, charge(std::move(expired)));
}

std::optional<Suspensions::Found> Suspensions::get_suspended(std::string_view suspension_id) const {
  if (suspension_id.size() != 3 * kDigits) return std::nullopt;
  const auto id = hex_number(suspension_id.substr(0, kDigits)),
             one = hex_number(suspension_id.substr(kDigits, kDigits)),
             other = hex_number(suspension_id.substr(2 * kDigits));
  if (!id || !one || !other) return std::nullopt;
  const auto found = waiting_.find(CallId{*id});
  if (found == waiting_.end()) return std::nullopt;
  const PendingCall& call = *find(*found->second, CallId{*id});
  const bool is_it = ((call.secret[0] ^ *one) | (call.secret[1] ^ *other)) == 0;
  if (!is_it || !is_external(call)) return std::nullopt;
  return Found{found->second, call.id};
}

}  // namespace nexus::executions
