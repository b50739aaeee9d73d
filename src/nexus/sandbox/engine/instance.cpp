#include "nexus/sandbox/engine/instance.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <new>

#include "nexus/sandbox/engine/engine_parts.h"

namespace nexus::engine {
namespace {

// The first slice is longer than the others: nearly every handler ends in it and never waits for a second one.
constexpr std::uint64_t kFirstSliceTicks = 2;
constexpr std::uint64_t kLaterSliceTicks = 1;

Trap::Kind kind_of(const wasm_trap_t& trap) {
  wasmtime_trap_code_t code = 0;
  if (!wasmtime_trap_code(&trap, &code)) return Trap::Kind::kHost;
  switch (code) {
    case WASMTIME_TRAP_CODE_STACK_OVERFLOW:
      return Trap::Kind::kStackOverflow;
    case WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS:
      return Trap::Kind::kMemoryOutOfBounds;
    case WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED:
      return Trap::Kind::kUnreachable;
    default:
      return Trap::Kind::kOther;
  }
}

std::vector<std::string> take_frames(wasm_frame_vec_t& raw) {
  std::vector<std::string> frames;
  for (std::size_t i = 0; i < raw.size && i < 32; ++i) {
    const wasm_name_t* function = wasmtime_frame_func_name(raw.data[i]);
    const std::string_view name =
        function != nullptr ? std::string_view(function->data, function->size) : "?";
    frames.push_back(fmt::format("{} @ {:#x}", name, wasm_frame_module_offset(raw.data[i])));
  }
  wasm_frame_vec_delete(&raw);
  return frames;
}

Trap described(const wasm_trap_t& trap) {
  wasm_frame_vec_t frames;
  wasm_trap_trace(&trap, &frames);
  return {kind_of(trap), message_of(trap), take_frames(frames)};
}

// A trap of a host function arrives as an error with the engine's description of the whole stack.
Trap described(const wasmtime_error_t& error, const char* why_host_stopped) {
  wasm_frame_vec_t frames;
  wasmtime_error_wasm_trace(&error, &frames);
  if (why_host_stopped != nullptr) return {Trap::Kind::kHost, why_host_stopped, take_frames(frames)};
  return {Trap::Kind::kOther, message_of(error), take_frames(frames)};
}

// Converts exceptions: none may reach the frames of the guest and the engine.
const char* answer_import(const Import& import, Instance& instance, std::span<Value> values) {
  try {
    return import.function(instance, values);
  } catch (const std::bad_alloc&) {
    return "the process has no memory left for what the handler asks";
  }
}

}  // namespace

// Destroyed in reverse order: the call in progress before its store.
struct Instance::Parts {
  const Program& program;
  StoreHandle store{};
  wasmtime_context_t* context = nullptr;
  wasmtime_instance_t instance{};
  wasmtime_memory_t memory{};
  wasmtime_global_t stack_pointer{};
  std::int32_t stack_pointer_at_rest = 0;
  struct Function {
    wasmtime_func_t function;
    std::size_t results;  // 0 or 1
  };
  std::vector<Function> functions{};
  wasmtime_val_t result{};
  wasm_trap_t* raw_trap = nullptr;
  wasmtime_error_t* raw_error = nullptr;
  FutureHandle future{};
  std::optional<Ticker::Running> ticking{};

  const Engine::Parts& engine() const { return program.parts().engine.parts(); }
  std::int32_t read_stack_pointer() const {
    wasmtime_val_t value;
    wasmtime_global_get(context, &stack_pointer, &value);
    return value.of.i32;
  }
  bool find(std::string_view name, wasm_externkind_t kind, wasmtime_extern_t& found) {
    return wasmtime_instance_export_get(context, &instance, name.data(), name.size(), &found) &&
           found.kind == kind;
  }
  Result<void> find_exports();
};

Result<void> Instance::Parts::find_exports() {
  wasmtime_extern_t found;
  if (!find("memory", WASMTIME_EXTERN_MEMORY, found))
    return fail(ErrorCode::kInternalError, "the guest has no memory");
  memory = found.of.memory;
  if (!find("__stack_pointer", WASMTIME_EXTERN_GLOBAL, found)) {
    return fail(ErrorCode::kInternalError, "the guest does not export its stack pointer");
  }
  stack_pointer = found.of.global;
  stack_pointer_at_rest = read_stack_pointer();
  for (const std::string_view name : program.parts().exports) {
    if (!find(name, WASMTIME_EXTERN_FUNC, found)) {
      return fail(ErrorCode::kInternalError, fmt::format("the guest does not export '{}'", name));
    }
    const Handle<wasm_functype_t, wasm_functype_delete> type(wasmtime_func_type(context, &found.of.func));
    functions.push_back({found.of.func, wasm_functype_results(type.get())->size});
  }
  return {};
}

wasm_trap_t* call_import(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* raw, std::size_t count) {
  const auto& import = *static_cast<const Import*>(env);
  auto& instance = *static_cast<Instance*>(wasmtime_context_get_data(wasmtime_caller_context(caller)));
  instance.note_stack(__builtin_frame_address(0));
  instance.offer_end_of_slice();
  std::array<Value, 8> values{};
  assert(import.parameters.size() <= values.size() && count >= import.parameters.size());
  (void)count;
  for (std::size_t i = 0; i < import.parameters.size(); ++i) {
    values[i] = import.parameters[i] == 'I' ? raw[i].i64 : raw[i].i32;
  }
  if (const char* why = answer_import(import, instance, values); why != nullptr) {
    instance.note_stopped(why);
    return wasmtime_trap_new(why, std::char_traits<char>::length(why));
  }
  if (!import.results.empty()) {
    if (import.results[0] == 'I') {
      raw[0].i64 = values[0];
    } else {
      raw[0].i32 = static_cast<std::int32_t>(values[0]);
    }
  }
  return nullptr;
}

Result<std::unique_ptr<Instance>> Instance::create(const Program& program, void* user) {
  auto& engine = program.parts().engine.parts();
  auto parts = std::unique_ptr<Parts>(new Parts{.program = program});
  std::unique_ptr<Instance> self(new Instance(std::move(parts), user));
  Parts& p = *self->parts_;
  p.store.reset(wasmtime_store_new(engine.engine.get(), self.get(), nullptr));
  p.context = wasmtime_store_context(p.store.get());
  // Declared to return an error, but the implementation (48.0.8, async.rs) returns nothing: do not use the result.
  wasmtime_context_epoch_deadline_async_yield_and_update(p.context, kLaterSliceTicks);
  wasmtime_context_set_epoch_deadline(p.context, std::uint64_t{1} << 40);
  p.future.reset(wasmtime_linker_instantiate_async(program.parts().linker.get(), p.context,
                                                   program.parts().module.get(), &p.instance, &p.raw_trap,
                                                   &p.raw_error));
  while (!wasmtime_call_future_poll(p.future.get())) {
  }
  p.future.reset();
  const TrapHandle trap(std::exchange(p.raw_trap, nullptr));
  const ErrorHandle error(std::exchange(p.raw_error, nullptr));
  if (error || trap) {
    if (auto refusal = take_refusal()) return std::unexpected(std::move(*refusal));
    return fail(ErrorCode::kOverloaded, error ? message_of(*error) : message_of(*trap));
  }
  if (auto found = p.find_exports(); !found) return std::unexpected(found.error());
  self->memory_ = engine.arena->owner_of(wasmtime_memory_data(p.context, &p.memory));
  assert(self->memory_ != nullptr);
  return self;
}

Instance::Instance(std::unique_ptr<Parts> parts, void* user) : parts_(std::move(parts)), user_(user) {}
Instance::~Instance() = default;

void Instance::memory_size_changed() {
  std::uint64_t before = 0;
  const ErrorHandle refused(wasmtime_memory_grow(parts_->context, &parts_->memory, 0, &before));
  assert(!refused);
}

void Instance::start(std::size_t export_index) {
  Parts& p = *parts_;
  assert(!p.future);
  if (Ticker* const ticker = p.engine().ticker.get()) p.ticking.emplace(*ticker);
  wasmtime_context_set_epoch_deadline(p.context, kFirstSliceTicks);
  const auto& called = p.functions[export_index];
  p.result.of.i32 = 0;
  p.future.reset(wasmtime_func_call_async(p.context, &called.function, nullptr, 0, &p.result, called.results,
                                          &p.raw_trap, &p.raw_error));
}

Progress Instance::poll() {
  Parts& p = *parts_;
  assert(p.future);
  p.engine().offer_end_of_slice();
  bool done;
  {
    const memory::Running running(*memory_);
    done = wasmtime_call_future_poll(p.future.get());
  }
  if (!done) return Progress::kYielded;
  p.future.reset();
  p.ticking.reset();
  const TrapHandle trap(std::exchange(p.raw_trap, nullptr));
  const ErrorHandle error(std::exchange(p.raw_error, nullptr));
  if (!trap && !error) return Progress::kReturned;
  trap_ = trap ? described(*trap) : described(*error, why_host_stopped_);
  return Progress::kTrapped;
}

void Instance::offer_end_of_slice() const { parts_->engine().offer_end_of_slice(); }

std::int32_t Instance::returned() const { return parts_->result.of.i32; }

void Instance::cancel() {
  parts_->future.reset();
  parts_->ticking.reset();
  const TrapHandle trap(std::exchange(parts_->raw_trap, nullptr));
  const ErrorHandle error(std::exchange(parts_->raw_error, nullptr));
}

Result<std::int32_t> Instance::call(std::size_t export_index) {
  start(export_index);
  Progress progress = poll();
  while (progress == Progress::kYielded)
    progress = poll();
  if (progress == Progress::kTrapped) return fail(ErrorCode::kInternalError, "guest: " + trap_.message);
  return returned();
}

bool Instance::at_rest() const { return parts_->read_stack_pointer() == parts_->stack_pointer_at_rest; }

std::int32_t Instance::stack_pointer() const { return parts_->read_stack_pointer(); }

std::size_t Instance::deep_stack_bytes() const {
  const auto& stacks = parts_->program.parts().engine.parts().stacks;
  return stack_address_ != nullptr ? stacks->deep_bytes(stack_address_) : 0;
}

std::size_t Instance::trim_stack() {
  const auto& stacks = parts_->program.parts().engine.parts().stacks;
  return stack_address_ != nullptr ? stacks->trim(stack_address_) : 0;
}

}  // namespace nexus::engine
