// Captures an execution from an instance, and restores it into the same or another one.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "nexus/sandbox/execution/instance_parts.h"

namespace nexus::sandbox {

static_assert(static_cast<int>(CallAnswer::Kind::kValue) == SETTLED_VALUE &&
              static_cast<int>(CallAnswer::Kind::kError) == SETTLED_ERROR &&
              static_cast<int>(CallAnswer::Kind::kExpired) == SETTLED_EXPIRED);

// The time between two looks at the sockets, as for a handler's slice.
constexpr std::uint64_t kCopyingUs = 1000;

bool Instance::waits() const { return status_ == Status::kFinished && parts_->capture && !parts_->error; }

// Captures some of the delta; the execution fails if there is no memory for it.
Step Instance::Parts::capture_delta() {
  const std::uint64_t began_us = runtime.clock.monotonic_us();
  const auto out_of_memory = [this](Error why) {
    error = Error{.code = ErrorCode::kMemoryLimit,
                  .message = "the server has no memory to keep a waiting execution: " + why.message,
                  .limit = std::move(why.limit)};
    return Step::kDone;
  };
  if (!capture) {
    waited_after_us = began_us - started_us;
    measure();
    scrub_input();
    // Nothing runs, so the content of the guest's stack is dead.
    auto begun = memory::DeltaCapture::begin(memory(), runtime.stack_end / kPageBytes, runtime.ledger);
    if (!begun) return out_of_memory(std::move(begun.error()));
    capture.emplace(*std::move(begun));
  }
  for (;;) {
    const auto is_more = capture->go_on();
    if (!is_more) return out_of_memory(is_more.error());
    if (!*is_more) return Step::kDone;
    if (runtime.clock.monotonic_us() - began_us >= kCopyingUs) return Step::kMore;
  }
}

Segment Instance::suspend() {
  Parts& p = *parts_;
  assert(waits());
  Segment segment{.journal = p.call->end_segment(),
                  .calls = p.call->take_calls(),
                  .suspended = {std::move(*p.capture).finish(), p.call->carry()}};
  segment.suspended.carried.running_us = p.running_us;
  segment.suspended.carried.wall_us = p.waited_after_us;
  p.request = {};
  ++executions_;
  reset(p.capture->put_back_from());
  return segment;
}

// Scrubs the arguments of `run` or the last answer: the interpreter has copied them into values.
void Instance::Parts::scrub_input() {
  auto& c = *control.operator->();
  if (c.input_bytes == 0) return;
  const memory::Running running(memory());
  const std::size_t bytes = std::size_t{c.args_length} + c.scope_length + 2;
  std::memset(c.input, 0, std::min<std::size_t>(bytes, INPUT_BYTES));
}

Result<Step> Instance::restore(const Suspended& suspended, ExecutionRequest request) {
  assert(status_ == Status::kIdle);
  status_ = Status::kFinished;  // unusable if the following throws
  Parts& p = *parts_;
  p.request = std::move(request);
  p.clear(Call::Purpose::kExecution);
  if (auto begun = p.begin_to_restore(suspended.delta); !begun) {
    p.request = {};
    reset();
    return std::unexpected(std::move(begun.error()));
  }
  return restore_more(suspended);
}

Result<void> Instance::Parts::begin_to_restore(const memory::Delta& delta) {
  parts_in = 0;
  if (auto taken = memory().take(request.image); !taken) return taken;
  engine->memory_size_changed();
  memory().prepay(std::move(request.prepaid));
  memory().set_limit(request.limits.memory_limit_bytes / kWasmPageBytes * kWasmPageBytes);
  auto room = delta.make_room_in(memory());
  engine->memory_size_changed();
  return room;
}

Result<Step> Instance::restore_more(const Suspended& suspended) {
  Parts& p = *parts_;
  const memory::Delta& delta = suspended.delta;
  const std::uint64_t until_us = p.runtime.clock.monotonic_us() + kCopyingUs;
  while (p.parts_in < delta.parts()) {
    if (auto put = delta.restore_part(p.memory(), p.parts_in++); !put) {
      p.request = {};
      reset();
      return std::unexpected(std::move(put.error()));
    }
    if (p.parts_in < delta.parts() && p.runtime.clock.monotonic_us() >= until_us) return Step::kMore;
  }
  return Step::kDone;
}

void Instance::resume(Suspended& suspended, const CallAnswer& answer) {
  Parts& p = *parts_;
  assert(status_ == Status::kFinished && p.parts_in == suspended.delta.parts());
  Carried& carried = suspended.carried;
  p.started_us -= std::min(p.started_us, carried.wall_us);
  p.running_us = carried.running_us;
  carried.unsettled_calls -= 1;
  p.call.emplace(p.request, p.runtime.clock, std::move(carried));
  const memory::Running running(p.memory());
  auto& c = *p.control.operator->();
  c.call = answer.number;
  c.settlement = static_cast<std::uint32_t>(answer.kind);
  p.write_input(answer.json, {});
  p.engine->set_user(&*p.call);
  p.engine->start(kResume);
  status_ = Status::kRunning;
}

}  // namespace nexus::sandbox
