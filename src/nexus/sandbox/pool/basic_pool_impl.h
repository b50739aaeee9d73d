// The member functions of basic_pool.h.
#pragma once

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/sandbox/pool/basic_pool.h"

namespace nexus::pool {

template <class InstanceT>
BasicInstancePool<InstanceT>::BasicInstancePool(const PoolOptions& options, const Clock& clock,
                                                Factory factory)
    : options_(options), clock_(clock), factory_(std::move(factory)), policy_(options) {
  Event start = event();
  finish(policy_.start(), start);
}

template <class InstanceT>
BasicInstancePool<InstanceT>::~BasicInstancePool() {
  shutdown({});
  assert(policy_.is_drained() && "a lease outlives its pool");
}

template <class InstanceT>
Result<BasicLease<InstanceT>> BasicInstancePool<InstanceT>::try_acquire() {
  std::optional<Result<Lease>> delivery;
  ask([&delivery](Result<Lease> lease) { delivery.emplace(std::move(lease)); }, IfBusy::kRefuse, 0);
  return std::move(*delivery);  // with kRefuse the callback runs before ask() returns
}

template <class InstanceT>
PoolStats BasicInstancePool<InstanceT>::stats() const {
  return {.active = policy_.active(),
          .idle = policy_.idle(),
          .waiting = policy_.waiting(),
          .memory_bytes = total_memory_,
          .created = created_,
          .retired = retired_,
          .waits = waits_};
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::ask(Ready ready, IfBusy if_busy, std::uint64_t until_ms) {
  Event asked = event();
  asked.caller = {++last_caller_, {std::move(ready), asked.now_us}};
  finish(policy_.acquire(last_caller_, if_busy, until_ms), asked);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::tick() {
  Event tick = event();
  finish(policy_.tick(tick.now_us / 1000), tick);
}

template <class InstanceT>
std::uint64_t BasicInstancePool<InstanceT>::reclaim(std::uint64_t bytes) {
  const std::uint64_t before = total_memory_;
  const std::uint64_t each = before / std::max<std::uint64_t>(policy_.idle() + policy_.active(), 1) + 1;
  const std::uint32_t idle = policy_.idle();
  Event reclaimed = event();
  finish(policy_.drop_idle(options_.min_instances, bytes / each + 1), reclaimed);
  if (policy_.idle() < idle) is_renewed_ = false;
  return before - total_memory_;
}

template <class InstanceT>
bool BasicInstancePool<InstanceT>::renew(std::size_t most) {
  const bool are_large = policy_.active() == 0 && total_memory_ > 2 * fresh_bytes_ * policy_.idle();
  if (policy_.idle() > options_.min_instances || are_large) is_renewed_ = false;
  if (is_renewed_) return false;
  Event renewed = event();
  finish(policy_.drop_idle(0, most), renewed);
  is_renewed_ = policy_.idle() == 0;
  return !is_renewed_;
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::shutdown(Drained drained) {
  if (drained) drained_ = std::move(drained);
  Event end = event();
  finish(policy_.shutdown(), end);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::take_back(SlotId slot, std::unique_ptr<InstanceT> instance,
                                             std::optional<Retired> broken) {
  broken = put_to_rest(*instance, broken);
  const std::uint64_t executions = instance->executions();
  const std::uint64_t bytes = instance->memory_used();
  Event back = event();
  place(slot, std::move(instance), bytes);
  finish(policy_.release(slot, executions, broken, back.now_us / 1000), back);
}

// Ends any execution in the instance; returns the reason if the instance cannot be reused.
template <class InstanceT>
std::optional<Retired> BasicInstancePool<InstanceT>::put_to_rest(InstanceT& instance,
                                                                 std::optional<Retired> broken) {
  using Status = typename InstanceT::Status;
  switch (instance.state()) {
    case Status::kIdle:
      return broken;
    case Status::kTerminated:
      return broken.value_or(Retired::kTrap);
    case Status::kRunning:
      instance.cancel(ErrorCode::kCancelled, "given back");
      break;
    case Status::kFinished:
      break;  // the result was not fetched, so the memory was not reset
  }
  instance.terminate();
  return broken.value_or(Retired::kCancel);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::carry_out(PoolPolicy::Decisions decisions, Event& event) {
  for (const Decision& decision : decisions) {
    if (const auto* give = std::get_if<Give>(&decision)) {
      Lease lease(*this, give->slot, std::move(places_[give->slot].instance));
      Waiter waiter = waiter_of(give->caller, event.caller);
      waits_.record_us(event.now_us - waiter.since_us);
      given_.store(given_count() + 1, std::memory_order_relaxed);
      event.deliveries.push_back({std::move(waiter.ready), std::move(lease)});
    } else if (const auto* create = std::get_if<Create>(&decision)) {
      Caller asking;
      if (create->caller) asking = {create->caller, waiter_of(*create->caller, event.caller)};
      event.creations.push_back({create->slot, std::move(asking)});
    } else if (const auto* wait = std::get_if<Wait>(&decision)) {
      waiting_.emplace(wait->caller, waiter_of(wait->caller, event.caller));
    } else if (const auto* refuse = std::get_if<Refuse>(&decision)) {
      event.deliveries.push_back(
          {waiter_of(refuse->caller, event.caller).ready, std::unexpected(error_of(refuse->why, options_))});
    } else {
      const Drop& drop = std::get<Drop>(decision);
      ++retired_[static_cast<std::size_t>(drop.why)];
      place(drop.slot, nullptr, 0);
    }
  }
}

// Last: the pool may be gone after it.
template <class InstanceT>
void BasicInstancePool<InstanceT>::finish(PoolPolicy::Decisions decisions, Event& event) {
  carry_out(decisions, event);
  while (!event.creations.empty()) {
    Creation creation = std::move(event.creations.back());
    event.creations.pop_back();
    create(std::move(creation), event);
  }
  active_.store(policy_.active(), std::memory_order_relaxed);
  waiting_count_.store(policy_.waiting(), std::memory_order_relaxed);
  for (Delivery& delivery : event.deliveries)
    delivery.ready(std::move(delivery.lease));
  if (drained_ && policy_.is_drained()) std::exchange(drained_, {})();
}

template <class InstanceT>
auto BasicInstancePool<InstanceT>::waiter_of(CallerId id, Caller& caller) -> Waiter {
  if (caller.id == id) return std::move(caller.waiter);
  return std::move(waiting_.extract(id).mapped());
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::place(SlotId slot, std::unique_ptr<InstanceT> instance,
                                         std::uint64_t bytes) {
  if (places_.size() <= slot) places_.resize(slot + 1);
  total_memory_ = total_memory_ - places_[slot].bytes + bytes;
  places_[slot] = {std::move(instance), bytes};
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::create(Creation creation, Event& event) {
  auto made = factory_();
  event.now_us = clock_.monotonic_us();
  if (!made) {
    if (creation.caller.id)
      event.deliveries.push_back(
          {std::move(creation.caller.waiter.ready), std::unexpected(std::move(made).error())});
    return carry_out(policy_.create_failed(creation.slot), event);
  }
  ++created_;
  fresh_bytes_ = (*made)->memory_used();
  place(creation.slot, std::move(*made), fresh_bytes_);
  event.caller = std::move(creation.caller);
  carry_out(policy_.created(creation.slot, event.now_us / 1000), event);
}

}  // namespace nexus::pool
