// Taking an execution out of an instance, and putting it into one, the same or another.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "nexus/sandbox/instance_parts.h"

namespace nexus::sandbox {

static_assert(static_cast<int>(CallAnswer::Kind::kValue) == SETTLED_VALUE &&
              static_cast<int>(CallAnswer::Kind::kError) == SETTLED_ERROR &&
              static_cast<int>(CallAnswer::Kind::kExpired) == SETTLED_EXPIRED);

bool Instance::waits() const {
  return status_ == Status::kFinished && !parts_->error && parts_->engine->returned() == RUN_WAITS;
}

std::optional<Segment> Instance::suspend() {
  assert(waits());
  Parts& p = *parts_;
  const std::uint64_t wall_us = p.runtime.clock.monotonic_us() - p.started_us;
  p.measure();
  p.wash_input();
  // Nothing is on the stack, so that what lies there is dead.
  auto delta = memory::Delta::take(p.memory(), p.runtime.stack_end / kPageBytes, p.runtime.ledger);
  if (!delta) {
    p.error =
        Error{.code = ErrorCode::kMemoryLimit,
              .message = "the server has no memory to keep a waiting execution: " + delta.error().message,
              .limit = std::move(delta.error().limit)};
    return std::nullopt;
  }
  Segment segment{.journal = p.call->end_segment(),
                  .calls = p.call->take_calls(),
                  .suspended = {*std::move(delta), p.call->carry()}};
  segment.suspended.carried.running_us = p.running_us;
  segment.suspended.carried.wall_us = wall_us;
  p.request = {};
  ++executions_;
  reset();
  return segment;
}

// The arguments of `run`, or the last answer: the interpreter has made values of them.
void Instance::Parts::wash_input() {
  auto& c = *control.operator->();
  if (c.input_bytes == 0) return;
  const memory::Running running(memory());
  const std::size_t bytes = std::size_t{c.args_length} + c.scope_length + 2;
  std::memset(c.input, 0, std::min<std::size_t>(bytes, INPUT_BYTES));
}

Result<void> Instance::resume(Suspended& suspended, ExecutionRequest request, const CallAnswer& answer) {
  assert(status_ == Status::kIdle);
  status_ = Status::kFinished;  // of no use to anybody, if what follows throws
  Parts& p = *parts_;
  p.request = std::move(request);
  p.clear(Call::Purpose::kExecution);
  if (auto put_in = p.put_in(suspended.delta); !put_in) {
    p.request = {};
    reset();
    return put_in;
  }
  Carried& carried = suspended.carried;
  p.running_us = carried.running_us;
  p.started_us -= std::min(p.started_us, carried.wall_us);
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
  return {};
}

Result<void> Instance::Parts::put_in(const memory::Delta& delta) {
  if (auto taken = memory().take(request.image); !taken) return taken;
  engine->memory_size_changed();
  memory().prepay(std::move(request.prepaid));
  memory().set_limit(request.limits.memory_limit_bytes / kWasmPageBytes * kWasmPageBytes);
  auto applied = delta.apply_to(memory());
  engine->memory_size_changed();
  return applied;
}

}  // namespace nexus::sandbox
