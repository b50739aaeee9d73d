#include "nexus/sandbox/execution/runtime.h"

#include <fmt/format.h>

#include <cstring>

#include "nexus/sandbox/execution/call.h"
#include "nexus/sandbox/execution/runtime_parts.h"

namespace nexus::sandbox {
namespace {

// The allocator's bound while the interpreter is built and handlers are loaded; the memory's own limit is the
// effective one. A constant, because images must not depend on the configuration.
constexpr std::uint32_t kBuildLimitBytes = 1U << 31;

Result<void> build_base(Runtime::Parts& parts) {
  const ExecutionRequest nobody;
  Call call(Call::Purpose::kLoad, nobody, parts.clock, parts.ledger);
  NEXUS_TRY(auto instance, engine::Instance::create(*parts.program, &call));
  instance->memory().set_limit(kLeastMemoryBytes);
  NEXUS_TRY([[maybe_unused]] const auto initialized, instance->call(kInitialize));
  NEXUS_TRY(parts.control_address, instance->call(kControl));
  NEXUS_TRY(const auto control, GuestControl::at(*instance, parts.control_address));
  control->memory_limit = kBuildLimitBytes;
  control->stack_bytes = kMostStackBytes;
  NEXUS_TRY(const auto status, instance->call(kInit));
  if (status != 0)
    return fail(ErrorCode::kInternalError, fmt::format("the interpreter did not start ({})", status));
  parts.stack_end = static_cast<std::uint32_t>(instance->stack_pointer());
  scrub(parts, *instance);
  parts.base = memory::Image::freeze(instance->memory().bytes(), nullptr);
  return {};
}

// The version of the loading procedure, as far as images depend on it: the clock, the randomness, the scrubbed parts.
// Increase it with every such change.
constexpr int kLoading = 1;

}  // namespace

void scrub(const Runtime::Parts& runtime, engine::Instance& instance) {
  std::memset(instance.memory().base(), 0, runtime.stack_end);
  const auto control = GuestControl::at(instance, runtime.control_address);
  if (!control) return;
  auto& c = *control->operator->();
  c.stack_bytes = c.args_length = c.scope_length = c.input_bytes = 0;
  c.seed = 0;
  c.failure = c.failed_bytes = c.failed_cause = 0;
  c.peak = c.held;
}

Result<std::unique_ptr<Runtime>> Runtime::create(const RuntimeOptions& options, const Clock& clock,
                                                 budget::Ledger& ledger) {
  auto parts = std::unique_ptr<Parts>(new Parts{.clock = clock, .ledger = ledger});
  NEXUS_TRY(parts->engine, engine::Engine::create({.ends_slice = options.ends_slice,
                                                   .max_instances = options.max_memories,
                                                   .tracking = options.tracking},
                                                  ledger));
  NEXUS_TRY(parts->program, load_guest(*parts->engine));
  if (auto built = build_base(*parts); !built) return std::unexpected(std::move(built).error());
  return std::unique_ptr<Runtime>(new Runtime(std::move(parts)));
}

Runtime::Runtime(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Runtime::~Runtime() = default;

std::shared_ptr<const memory::Image> Runtime::base_image() const { return parts_->base; }

Digest Runtime::image_origin() const {
  const Digest code = digest_of(guest_code());
  const std::string all = fmt::format("{} {} {} {:x} {}", kLoading, engine_version(), hex(code),
                                      parts_->base->digest(), parts_->base->pages());
  return digest_of(std::as_bytes(std::span(all)));
}

Result<void> Runtime::prepare_thread() { return parts_->engine->prepare_thread(); }

memory::TrackingCounts Runtime::tracking() const { return parts_->engine->tracking(); }

void Runtime::end_slices() { parts_->engine->end_slices(); }

std::string_view Runtime::engine_version() { return engine::Engine::version(); }
std::string_view Runtime::interpreter_version() { return "quickjs-ng 0.16.2"; }

}  // namespace nexus::sandbox
