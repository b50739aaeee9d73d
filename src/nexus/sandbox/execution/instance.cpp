#include "nexus/sandbox/execution/instance.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>

#include "nexus/foundation/base/log.h"
#include "nexus/foundation/base/random.h"
#include "nexus/sandbox/execution/failure.h"
#include "nexus/sandbox/execution/instance_parts.h"

namespace nexus::sandbox {
namespace {

std::atomic<std::uint64_t> next_id{1};

// The most that a first slice counts if it did not end the execution: it is cut after this time, and any excess
// passed while other threads had the CPU.
constexpr std::uint64_t kFirstSliceUs = 2000;

// One of this many resets is measured: two clock readings take 46 ns, a reset 1000 ns.
constexpr std::uint64_t kResetsPerMeasurement = 16;

}  // namespace

Result<std::unique_ptr<Instance>> Instance::create(Runtime& runtime) {
  auto parts = std::unique_ptr<Parts>(new Parts{.runtime = runtime.parts()});
  budget::Ledger& ledger = parts->runtime.ledger;
  NEXUS_TRY(parts->overhead, ledger.grant(budget::Kind::kInstances, kInstanceOverheadBytes));
  parts->deep_stack = ledger.open(budget::Kind::kInstances);
  NEXUS_TRY(parts->engine, engine::Instance::create(*parts->runtime.program, nullptr));
  if (auto taken = parts->memory().take(parts->runtime.base); !taken)
    return std::unexpected(std::move(taken).error());
  NEXUS_TRY(parts->control, GuestControl::at(*parts->engine, parts->runtime.control_address));
  return std::unique_ptr<Instance>(new Instance(std::move(parts)));
}

Instance::Instance(std::unique_ptr<Parts> parts)
    : parts_(std::move(parts)), id_(next_id.fetch_add(1, std::memory_order_relaxed)) {}

Instance::~Instance() = default;

// ---- start ----

void Instance::Parts::write_input(std::string_view first, std::string_view second) {
  auto& c = *control.operator->();
  c.args_length = static_cast<std::uint32_t>(first.size());
  c.scope_length = static_cast<std::uint32_t>(second.size());
  c.input_bytes = control.put_input(first, second) ? 1 : 0;
  if (c.input_bytes == 0) {
    call->give_later(first);
    if (!second.empty()) call->give_later(second);
  }
}

void Instance::Parts::clear(Call::Purpose why) {
  purpose = why;
  error.reset();
  started_us = runtime.clock.monotonic_us();
  running_us = 0;
  is_first_slice = true;
}

void Instance::Parts::begin(Call::Purpose why, std::shared_ptr<const memory::Image> image,
                            std::string_view first, std::string_view second) {
  clear(why);
  call.emplace(why, request, runtime.clock, runtime.ledger);
  const auto& limits = request.limits;
  const std::size_t size = image->size_bytes();
  if (size > limits.memory_limit_bytes) {
    return stop(ErrorCode::kMemoryLimit, "the loaded handler alone is larger than its memory limit",
                LimitReached{"handler", "memoryLimitBytes", limits.memory_limit_bytes, size});
  }
  if (auto taken = memory().take(std::move(image)); !taken) {
    error = std::move(taken).error();
    return;
  }
  engine->memory_size_changed();
  memory().prepay(std::move(request.prepaid));
  memory().set_limit(limits.memory_limit_bytes / kWasmPageBytes * kWasmPageBytes);
  if (why == Call::Purpose::kLoad) {
    if (auto stopped = memory().stop_tracking(); !stopped) {
      error = std::move(stopped).error();
      return;
    }
  }
  const memory::Running running(memory());
  auto& c = *control.operator->();
  if (why == Call::Purpose::kExecution) {
    c.memory_limit = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limits.memory_limit_bytes - c.static_bytes, UINT32_MAX));
    c.seed = random_u64();
  }
  c.stack_bytes = static_cast<std::uint32_t>(limits.stack_size_bytes);
  write_input(first, second);
  engine->set_user(&*call);
  engine->start(why == Call::Purpose::kLoad ? kLoad : kRun);
}

void Instance::start(ExecutionRequest request) {
  assert(status_ == Status::kIdle);
  status_ = Status::kFinished;  // unusable if the following throws
  Parts& p = *parts_;
  p.request = std::move(request);
  // The image already has an empty scope.
  const std::string_view scope = p.request.scope_json == "{}" ? std::string_view() : p.request.scope_json;
  p.begin(Call::Purpose::kExecution, p.request.image, p.request.args_json, scope);
  status_ = p.error ? Status::kFinished : Status::kRunning;
}

void Instance::start_load(std::string_view source, const Limits& limits) {
  assert(status_ == Status::kIdle);
  status_ = Status::kFinished;
  Parts& p = *parts_;
  p.request = ExecutionRequest{.source = source, .limits = limits};
  p.request.limits.stack_size_bytes =
      kMostStackBytes;  // constant, because images must not depend on the setting
  p.begin(Call::Purpose::kLoad, p.runtime.base, source, {});
  status_ = p.error ? Status::kFinished : Status::kRunning;
}

// ---- run ----

Step Instance::step() {
  if (status_ == Status::kFinished) return Step::kDone;
  assert(status_ == Status::kRunning);
  Parts& p = *parts_;
  if (!p.capture) {
    switch (p.run_slice()) {
      case engine::Progress::kYielded:
        p.check_time();
        if (!p.error) p.charge();
        if (!p.error) return Step::kMore;
        break;
      case engine::Progress::kReturned:
        p.returned();
        break;
      case engine::Progress::kTrapped:
        p.trapped();
        break;
    }
  }
  if (!p.error && p.engine->returned() == RUN_WAITS && p.capture_delta() == Step::kMore) return Step::kMore;
  status_ = Status::kFinished;
  return Step::kDone;
}

engine::Progress Instance::Parts::run_slice() {
  const Clock& clock = runtime.clock;
  if (std::exchange(is_first_slice, false)) {
    const std::uint64_t before_us = clock.monotonic_us();
    const engine::Progress progress = engine->poll();
    std::uint64_t slice_us = clock.monotonic_us() - before_us;
    if (progress == engine::Progress::kYielded) slice_us = std::min(slice_us, kFirstSliceUs);
    running_us += slice_us;
    return progress;
  }
  const std::uint64_t before_us = clock.thread_cpu_us();
  const engine::Progress progress = engine->poll();
  running_us += clock.thread_cpu_us() - before_us;
  return progress;
}

void Instance::Parts::check_time() {
  const auto& limits = request.limits;
  const std::uint64_t now_us = runtime.clock.monotonic_us();
  if (running_us >= limits.timeout_ms * 1000) {
    stop(ErrorCode::kTimeout,
         fmt::format("the handler ran for {} ms; its limit is {} ms (timeoutMs)", running_us / 1000,
                     limits.timeout_ms),
         LimitReached{"handler", "timeoutMs", limits.timeout_ms, running_us / 1000});
  } else if (const std::uint64_t wall_us = now_us - started_us; wall_us >= limits.max_wall_ms * 1000) {
    stop(ErrorCode::kTimeout,
         fmt::format("{} ms have passed since the handler's start; its limit is {} ms (maxWallMs)",
                     wall_us / 1000, limits.max_wall_ms),
         LimitReached{"handler", "maxWallMs", limits.max_wall_ms, wall_us / 1000});
  }
}

// Charges the pages that the slice has made resident. Many executions wait between slices with their pages; those of
// the running one fit in the reserve.
void Instance::Parts::charge() {
  auto charged = memory().settle();
  if (charged) charged = deep_stack.grow_to(engine->deep_stack_bytes());
  if (charged) return;
  Error& refused = charged.error();
  stop(ErrorCode::kMemoryLimit, "the server has " + refused.message, std::move(refused.limit));
}

void Instance::Parts::stop(ErrorCode code, std::string message, std::optional<LimitReached> limit) {
  engine->cancel();
  broken = true;
  error = Error{.code = code, .message = std::move(message), .limit = std::move(limit)};
}

void Instance::cancel(ErrorCode code, std::string message) {
  assert(status_ == Status::kRunning);
  parts_->stop(code, std::move(message), std::nullopt);
  status_ = Status::kFinished;
}

void Instance::Parts::measure() {
  const auto& c = *control.operator->();
  auto& metrics = call->result().metrics;
  const std::uint64_t limit = request.limits.memory_limit_bytes;
  if (request.image != nullptr) metrics.grown_bytes = memory().size() - request.image->size_bytes();
  metrics.memory_used_bytes = std::min<std::uint64_t>(std::uint64_t{c.static_bytes} + c.held, limit);
  metrics.memory_peak_bytes =
      std::clamp<std::uint64_t>(std::uint64_t{c.static_bytes} + c.peak, metrics.memory_used_bytes, limit);
  peak_ever = std::max(peak_ever, metrics.memory_peak_bytes);
}

bool Instance::Parts::is_honest_end() const {
  if (!engine->at_rest()) return false;
  switch (engine->returned()) {
    case RUN_ENDED:
      return purpose == Call::Purpose::kLoad || call->has_result();
    case RUN_FAILED:
      return call->failure().has_value();
    case RUN_WAITS:
      return purpose == Call::Purpose::kExecution && call->waits();
    default:
      return false;
  }
}

void Instance::Parts::returned() {
  const auto& c = *control.operator->();
  if (!is_honest_end()) {
    log_line(spdlog::level::err, {{"execution", request.execution_id}},
             "the guest ended in a way that it cannot; the instance is retired");
    stop(ErrorCode::kInternalError, "the sandbox ended in an unexpected state", std::nullopt);
    return;
  }
  if (engine->returned() != RUN_FAILED) return;
  const FailureContext context{c, *call, request.source, request.limits, memory().refusal()};
  error = purpose == Call::Purpose::kLoad ? error_of_load(context) : error_of_execution(context);
}

void Instance::Parts::trapped() {
  const engine::Trap& trap = engine->trap();
  log_line(
      spdlog::level::err, {{"execution", request.execution_id}},
      fmt::format("{}; the instance is retired; frames: {}", trap.message, fmt::join(trap.frames, " < ")));
  stop(ErrorCode::kInternalError, "the sandbox stopped the handler: " + trap.message, std::nullopt);
}

// ---- end ----

ExecutionResult Instance::finish() {
  assert(status_ == Status::kFinished);
  Parts& p = *parts_;
  if (!p.capture) p.measure();  // otherwise measured before the captured pages were put back
  if (!p.error) p.call->commit();
  ExecutionResult result = std::move(p.call->result());
  result.execution_id = std::move(p.request.execution_id);
  result.error = std::move(p.error);
  result.metrics.execution_time_us = p.running_us;
  result.metrics.cache_hit = p.request.cache_hit;
  if (result.error) result.return_json.clear();
  p.request = {};
  // Measures a different reset for each instance: the first resets of an instance are the slowest, and measuring the
  // same one everywhere would overstate them.
  const bool is_measured = (++executions_ + id_) % kResetsPerMeasurement == 0;
  const std::uint64_t before_ns = is_measured ? p.runtime.clock.monotonic_ns() : 0;
  reset();
  if (is_measured && status_ == Status::kIdle)
    result.metrics.reset_ns = p.runtime.clock.monotonic_ns() - before_ns;
  return result;
}

Result<std::shared_ptr<const memory::Image>> Instance::finish_load(const MayKeep& may_keep) {
  assert(status_ == Status::kFinished);
  Parts& p = *parts_;
  p.measure();
  std::shared_ptr<const memory::Image> image;
  if (!p.error) {
    scrub(p.runtime, *p.engine);
    auto differing = memory::Image::differing_pages(p.memory().bytes(), *p.runtime.base);
    Result<void> kept;
    if (may_keep) kept = may_keep(memory::Image::most_bytes(differing));
    if (kept) {
      image = memory::Image::freeze(p.memory().bytes(), p.runtime.base, std::move(differing));
    } else {
      p.error = std::move(kept.error());
    }
  }
  auto error = std::move(p.error);
  p.request = {};
  // The memory holds no image now, so the next one is taken from nothing.
  p.call.reset();
  if (!p.broken && p.memory().take(p.runtime.base)) {
    p.engine->memory_size_changed();
    p.deep_stack.shrink_to(0);
    status_ = Status::kIdle;
  } else {
    terminate();
  }
  if (error) return std::unexpected(std::move(*error));
  return image;
}

void Instance::reset() { reset(memory::LinearMemory::kMostPages); }

void Instance::reset(std::size_t put_back_from) {
  status_ = Status::kFinished;
  Parts& p = *parts_;
  p.call.reset();
  p.capture.reset();
  if (p.broken) return terminate();
  const std::size_t size = p.memory().size();
  if (!p.memory().reset(put_back_from)) return terminate();
  if (p.memory().size() != size) p.engine->memory_size_changed();
  p.engine->trim_stack();
  p.deep_stack.shrink_to(0);
  status_ = Status::kIdle;
}

void Instance::terminate() {
  status_ = Status::kTerminated;
  parts_->engine.reset();
  parts_->deep_stack.shrink_to(0);
  parts_->overhead.shrink_to(0);
}

ExecutionResult Instance::execute(ExecutionRequest request) {
  start(std::move(request));
  while (status_ == Status::kRunning)
    step();
  return finish();
}

std::uint64_t Instance::running_us() const { return parts_->running_us; }
std::uint64_t Instance::due_us() const {
  return parts_->started_us + parts_->request.limits.max_wall_ms * 1000;
}

std::uint64_t Instance::memory_used() const {
  return parts_->engine ? parts_->memory().charged_bytes() + parts_->overhead.bytes() : 0;
}
std::size_t Instance::hot_pages() const { return parts_->engine ? parts_->memory().hot_pages() : 0; }

bool Instance::is_pristine() const {
  return status_ == Status::kIdle && parts_->memory().is_pristine() && parts_->engine->at_rest();
}

std::uint64_t Instance::memory_peak() const { return parts_->peak_ever; }

}  // namespace nexus::sandbox
