#include "nexus/runtime/executions/admission.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "nexus/foundation/base/saturating.h"

namespace nexus::executions {
namespace {

constexpr std::chrono::milliseconds kPoll{2};
constexpr std::uint64_t kFutileUs = 100'000;
constexpr std::uint64_t kLeastRetryMs = 1000, kMostRetryMs = 30'000;

}  // namespace

int ServiceTimeEstimator::retry_after_ms(std::uint64_t ahead, std::uint64_t at_once) const {
  const std::uint64_t ms = ahead * mean_us_ / std::max<std::uint64_t>(at_once, 1) / 1000;
  return static_cast<int>(std::clamp(ms, kLeastRetryMs, kMostRetryMs));
}

Admission::Admission(Executor executor, const Clock& clock, budget::Ledger& ledger, pool::InstancePool& pool,
                     handlers::HandlerCache& cache, metrics::Probes& probes, Options options)
    : executor_(executor),
      clock_(clock),
      ledger_(ledger),
      pool_(pool),
      cache_(cache),
      probes_(probes),
      timeout_ms_(options.timeout_ms),
      queue_(options.timeout_ms == 0 ? 0 : options.max_waiting),
      timer_(executor) {}

void Admission::reclaim(std::uint64_t bytes) {
  std::uint64_t freed = pool_.reclaim(bytes);
  if (freed < bytes) freed += cache_.evict_unused(bytes - freed);
  if (freed < bytes) cache_.reclaim_files(bytes - freed);
}

std::optional<budget::Grant> Admission::try_take(std::uint64_t bytes, budget::Need need) {
  auto granted = ledger_.grant(budget::Kind::kInstances, bytes, need);
  if (!granted) {
    latest_refusal_ = std::move(granted.error());
    return std::nullopt;
  }
  return *std::move(granted);
}

// Reclaims no more than is missing, and does not repeat at once what was in vain: a call that is rejected again and again must
// not cost other handlers their images.
std::optional<budget::Grant> Admission::take_from_idle(std::uint64_t bytes, budget::Need need) {
  const std::uint64_t now_us = clock_.monotonic_us();
  if (now_us < futile_until_us_ && bytes >= futile_bytes_) return std::nullopt;
  const std::uint64_t free = ledger_.free_for(budget::Kind::kInstances, need);
  reclaim(minus(bytes, free));
  auto granted = try_take(bytes, need);
  if (!granted) {
    futile_until_us_ = now_us + kFutileUs;
    futile_bytes_ = bytes;
  }
  return granted;
}

Task<Result<budget::Grant>> Admission::reserve(std::uint64_t bytes, budget::Need need,
                                               std::int64_t until_ms) {
  if (bytes == 0) co_return ledger_.open(budget::Kind::kInstances);
  if (queue_.size() == 0 || need == budget::Need::kStart) {
    if (auto granted = try_take(bytes, need)) co_return *std::move(granted);
    if (auto granted = take_from_idle(bytes, need)) co_return *std::move(granted);
  }
  if (queue_.is_full()) co_return std::unexpected(refusal_of(bytes, need));
  const metrics::Present present(probes_.in_progress.without_memory);
  co_return co_await callback<Result<budget::Grant>>(executor_, [this, bytes, need, until_ms](Ready ready) {
    wait(bytes, need, until_ms, std::move(ready));
  });
}

void Admission::wait(std::uint64_t bytes, budget::Need need, std::int64_t until_ms, Ready ready) {
  const bool is_first = waiting_.empty();
  queue_.add(++last_id_, bytes, until_ms);
  waiting_.emplace(last_id_, Waiting{std::move(ready), bytes, need});
  if (is_first) asio::co_spawn(executor_, serve_the_waiting(), must_not_throw);
}

// Polls as long as a call waits: other loops give back bytes too, without a notification.
Task<void> Admission::serve_the_waiting() {
  while (!waiting_.empty()) {
    timer_.expires_after(kPoll);
    co_await timer_.async_wait(kAwaitTuple);
    std::vector<std::pair<budget::ByteQueue::Id, budget::Grant>> admitted;
    queue_.admit([&](budget::ByteQueue::Id id, std::uint64_t bytes) {
      auto granted = try_take(bytes, waiting_.at(id).need);
      const bool is_granted = granted.has_value();
      if (is_granted) admitted.emplace_back(id, *std::move(granted));
      return is_granted;
    });
    for (auto& [id, grant] : admitted)
      waiting_.extract(id).mapped().ready(std::move(grant));
    for (const auto id : queue_.expire(clock_.monotonic_ms())) {
      auto late = std::move(waiting_.extract(id).mapped());
      late.ready(std::unexpected(refusal_of(late.bytes, late.need)));
    }
  }
}

Error Admission::refusal_of(std::uint64_t bytes, budget::Need need) const {
  Error refusal = latest_refusal_;
  if (refusal.limit) {
    refusal.limit->wanted = bytes;
    refusal.limit->free = ledger_.free_for(budget::Kind::kInstances, need);
  }
  return with_retry_after(std::move(refusal), 0);
}

int Admission::retry_after_ms() const {
  return service_times_.retry_after_ms(waiting_.size() + pool_.waiting_count() + 1, pool_.active_count());
}

void Admission::tick() { probes_.retry_after_ms = retry_after_ms(); }

Error Admission::with_retry_after(Error refusal, std::uint64_t ahead_in_panel) const {
  if (refusal.code == ErrorCode::kPanelBusy) {
    refusal.retry_after_ms = service_times_.retry_after_ms(ahead_in_panel + 1, 1);
  } else if (refusal.code == ErrorCode::kOverloaded) {
    refusal.retry_after_ms = retry_after_ms();
  }
  return refusal;
}

}  // namespace nexus::executions
