// The member functions of basic_pool.h.
#pragma once

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/sandbox/pool/basic_pool.h"

namespace nexus::pool {

template <class InstanceT>
BasicInstancePool<InstanceT>::BasicInstancePool(const PoolOptions& options, const Clock& clock,
                                                Factory factory)
    : options_(options), clock_(clock), factory_(std::move(factory)), policy_(options) {
  Work work;
  Caller nobody;
  {
    const std::lock_guard lock(mutex_);
    carry_out(policy_.start(), clock_.monotonic_us(), nobody, work);
  }
  finish(work, AnswerWhen::kNow);
}

template <class InstanceT>
BasicInstancePool<InstanceT>::~BasicInstancePool() {
  shutdown({});
  assert(policy_.is_drained() && "a lease outlives its pool");
}

template <class InstanceT>
Result<BasicLease<InstanceT>> BasicInstancePool<InstanceT>::try_acquire() {
  std::optional<Result<Lease>> answer;
  ask([&answer](Result<Lease> lease) { answer.emplace(std::move(lease)); }, IfBusy::kRefuse, 0);
  return std::move(*answer);  // with kRefuse the callback runs before ask() returns
}

template <class InstanceT>
PoolStats BasicInstancePool<InstanceT>::stats() const {
  return locked([this] {
    return PoolStats{.active = policy_.active(),
                     .idle = policy_.idle(),
                     .waiting = policy_.waiting(),
                     .memory_bytes = total_memory_,
                     .created = created_,
                     .retired = retired_,
                     .waits = waits_};
  });
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::ask(Ready ready, IfBusy if_busy, std::uint64_t until_ms) {
  Work work;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now_us = clock_.monotonic_us();
    Caller caller{++last_caller_, {std::move(ready), now_us}};
    carry_out(policy_.acquire(last_caller_, if_busy, until_ms), now_us, caller, work);
  }
  finish(work, AnswerWhen::kNow);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::tick() {
  Work work;
  Caller nobody;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now_us = clock_.monotonic_us();
    carry_out(policy_.tick(now_us / 1000), now_us, nobody, work);
  }
  finish(work, AnswerWhen::kNow);
}

template <class InstanceT>
std::uint64_t BasicInstancePool<InstanceT>::reclaim(std::uint64_t bytes) {
  Work work;
  Caller nobody;
  std::uint64_t before = 0, after = 0;
  {
    const std::lock_guard lock(mutex_);
    before = total_memory_;
    const std::uint64_t each = before / std::max<std::uint64_t>(policy_.idle() + policy_.active(), 1) + 1;
    const std::uint64_t most = bytes / each + 1;
    carry_out(policy_.drop_idle(options_.min_instances, most), clock_.monotonic_us(), nobody, work);
    is_renewed_ = is_renewed_ && work.dropped.empty();
    after = total_memory_;
  }
  finish(work, AnswerWhen::kNow);
  return before - after;
}

template <class InstanceT>
bool BasicInstancePool<InstanceT>::renew(std::size_t most) {
  Work work;
  Caller nobody;
  bool goes_on = false;
  {
    const std::lock_guard lock(mutex_);
    const bool are_large = policy_.active() == 0 && total_memory_ > 2 * fresh_bytes_ * policy_.idle();
    if (policy_.idle() > options_.min_instances || are_large) is_renewed_ = false;
    if (is_renewed_) return false;
    carry_out(policy_.drop_idle(0, most), clock_.monotonic_us(), nobody, work);
    goes_on = policy_.idle() > 0;
    is_renewed_ = !goes_on;
  }
  finish(work, AnswerWhen::kNow);
  return goes_on;
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::shutdown(Drained drained) {
  Work work;
  Caller nobody;
  {
    const std::lock_guard lock(mutex_);
    if (drained) drained_.push_back(std::move(drained));
    carry_out(policy_.shutdown(), clock_.monotonic_us(), nobody, work);
  }
  finish(work, AnswerWhen::kNow);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::take_back(SlotId slot, std::unique_ptr<InstanceT> instance,
                                             std::optional<Retired> broken) {
  broken = put_to_rest(*instance, broken);
  const std::uint64_t executions = instance->executions();
  const std::uint64_t bytes = instance->memory_used();
  Work work;
  Caller nobody;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t now_us = clock_.monotonic_us();
    place(slot, std::move(instance), bytes);
    carry_out(policy_.release(slot, executions, broken, now_us / 1000), now_us, nobody, work);
  }
  finish(work, AnswerWhen::kAfterOuter);
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
      instance.cancel(ErrorCode::kCancelled, "given back");  // a short text: there may be no memory for more
      break;
    case Status::kFinished:
      break;  // the result was not fetched, so the memory was not reset
  }
  instance.terminate();
  return broken.value_or(Retired::kCancel);
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::carry_out(PoolPolicy::Decisions decisions, std::uint64_t now_us,
                                             Caller& caller, Work& work) {
  for (const Decision& decision : decisions) {
    if (const auto* give = std::get_if<Give>(&decision)) {
      Lease lease(*this, give->slot, std::move(places_[give->slot].instance));
      Question question = question_of(give->caller, caller);
      waits_.record_us(now_us - question.asked_us);
      work.answers.push_back({std::move(question.ready), std::move(lease)});
    } else if (const auto* create = std::get_if<Create>(&decision)) {
      Caller asking;
      if (create->caller) asking = {create->caller, question_of(*create->caller, caller)};
      work.creations.push_back({create->slot, std::move(asking)});
    } else if (const auto* wait = std::get_if<Wait>(&decision)) {
      waiting_.emplace(wait->caller, question_of(wait->caller, caller));
    } else if (const auto* refuse = std::get_if<Refuse>(&decision)) {
      work.answers.push_back(
          {question_of(refuse->caller, caller).ready, std::unexpected(error_of(refuse->why, options_))});
    } else {
      work.dropped.push_back(drop(std::get<Drop>(decision)));
    }
  }
  if (!policy_.is_drained()) return;
  for (Drained& drained : drained_)
    work.drained.push_back(std::move(drained));
  drained_.clear();
}

template <class InstanceT>
auto BasicInstancePool<InstanceT>::question_of(CallerId id, Caller& caller) -> Question {
  if (caller.id == id) return std::move(caller.question);
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
std::unique_ptr<InstanceT> BasicInstancePool<InstanceT>::drop(const Drop& drop) {
  ++retired_[static_cast<std::size_t>(drop.why)];
  std::unique_ptr<InstanceT> instance = std::move(places_[drop.slot].instance);
  place(drop.slot, nullptr, 0);
  return instance;
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::finish(Work& work, AnswerWhen when) {
  work.dropped.clear();
  while (!work.creations.empty()) {
    Creation creation = std::move(work.creations.back());
    work.creations.pop_back();
    create(std::move(creation), work);
    work.dropped.clear();
  }
  answer(work, when);
}

template <class InstanceT>
Result<std::unique_ptr<InstanceT>> BasicInstancePool<InstanceT>::make() try {
  return factory_();
} catch (const std::bad_alloc&) {
  return std::unexpected(want_of_memory());
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::create(Creation creation, Work& work) {
  auto made = make();
  const std::uint64_t bytes = made ? (*made)->memory_used() : 0;
  const std::lock_guard lock(mutex_);
  const std::uint64_t now_us = clock_.monotonic_us();
  if (made) {
    ++created_;
    fresh_bytes_ = bytes;
    place(creation.slot, std::move(*made), bytes);
    carry_out(policy_.created(creation.slot, now_us / 1000), now_us, creation.caller, work);
    return;
  }
  Caller nobody;
  carry_out(policy_.create_failed(creation.slot), now_us, nobody, work);
  if (creation.caller.id)
    work.answers.push_back(
        {std::move(creation.caller.question.ready), std::unexpected(std::move(made).error())});
}

template <class InstanceT>
void BasicInstancePool<InstanceT>::answer(Work& work, AnswerWhen when) {
  if (work.answers.empty() && work.drained.empty()) return;
  Answering* outer = answering_;
  while (outer != nullptr && outer->pool != this)
    outer = outer->outer;
  if (outer != nullptr) {
    for (Drained& drained : work.drained)
      outer->drained.push_back(std::move(drained));
    work.drained.clear();
    if (when == AnswerWhen::kAfterOuter) {
      for (Answer& answer : work.answers)
        outer->answers.push_back(std::move(answer));
      return;
    }
  }
  Answering frame{this, answering_, {}, std::move(work.drained)};
  answering_ = &frame;
  for (Answer& answer : work.answers)
    answer.ready(std::move(answer.lease));
  work.answers.clear();
  while (!frame.answers.empty()) {
    Answer answer = std::move(frame.answers.front());
    frame.answers.pop_front();
    answer.ready(std::move(answer.lease));
  }
  answering_ = frame.outer;
  if (outer != nullptr) {
    for (Drained& drained : frame.drained)
      outer->drained.push_back(std::move(drained));
    return;
  }
  // Last, because the pool may be destroyed in it.
  for (Drained& drained : frame.drained)
    drained();
}

}  // namespace nexus::pool
