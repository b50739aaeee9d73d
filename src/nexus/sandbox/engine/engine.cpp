#include "nexus/sandbox/engine/engine.h"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "nexus/sandbox/engine/config.h"
#include "nexus/sandbox/engine/engine_parts.h"
#include "nexus/sandbox/engine/signal_stack.h"

namespace nexus::engine {
namespace {

using memory::LinearMemory;

// The engine passes only a text through. The code on this thread that asked for the instance finds the full error
// here.
thread_local std::optional<Error> latest_refusal;

wasmtime_error_t* refuse(Error error) {
  auto* text = wasmtime_error_new(error.message.c_str());
  latest_refusal = std::move(error);
  return text;
}

// No exception may reach the engine's frames.
wasmtime_error_t* no_memory() { return wasmtime_error_new("the process has no memory left"); }

// ---- memories: the engine asks for one at instantiation ----

std::uint8_t* memory_get(void* env, std::size_t* size, std::size_t* capacity) {
  const auto* memory = static_cast<LinearMemory*>(env);
  *size = memory->size();
  // The whole reservation: with less, the engine refuses a growth itself, and memory_grow() does not learn of it.
  *capacity = memory::kReservationBytes;
  return reinterpret_cast<std::uint8_t*>(memory->base());
}

wasmtime_error_t* memory_grow(void* env, std::size_t size) {
  try {
    return static_cast<LinearMemory*>(env)->grow_to(size) ? nullptr : wasmtime_error_new("memory limit");
  } catch (const std::bad_alloc&) {
    return no_memory();
  }
}

void memory_delete(void* env) { delete static_cast<LinearMemory*>(env); }

wasmtime_error_t* memory_new(void* env, const wasm_memorytype_t*, std::size_t minimum,
                             std::size_t /*maximum*/, std::size_t reserved, std::size_t guard,
                             wasmtime_linear_memory_t* out) try {
  if (reserved > memory::kReservationBytes || guard > memory::kGuardBytes) {
    return wasmtime_error_new("the engine asks for more address space than a slot has");
  }
  auto& parts = *static_cast<Engine::Parts*>(env);
  auto memory = LinearMemory::create(*parts.arena, parts.ledger, parts.tracking);
  if (!memory) return refuse(std::move(memory).error());
  (*memory)->set_limit(minimum);
  if (!(*memory)->grow_to(minimum)) {
    return refuse({.code = ErrorCode::kOverloaded,
                   .message = "no memory for another instance",
                   .limit = (*memory)->refusal(),
                   .retry_after_ms = 1000});
  }
  *out = {.env = memory->release(),
          .get_memory = memory_get,
          .grow_memory = memory_grow,
          .finalizer = memory_delete};
  return nullptr;
} catch (const std::bad_alloc&) {
  return no_memory();
}

// ---- stacks: the engine asks for one at an instance's first call ----

struct OwnedStack {
  FiberStacks& stacks;
  std::size_t index;
};

std::uint8_t* stack_get(void* env, std::size_t* size) {
  const auto* owned = static_cast<OwnedStack*>(env);
  const auto stack = owned->stacks.stack(owned->index);
  *size = stack.bytes;
  return reinterpret_cast<std::uint8_t*>(stack.top());
}

void stack_delete(void* env) {
  const std::unique_ptr<OwnedStack> owned(static_cast<OwnedStack*>(env));
  owned->stacks.give_back(owned->index);
}

wasmtime_error_t* stack_new(void* env, std::size_t, bool, wasmtime_stack_memory_t* out) try {
  auto& parts = *static_cast<Engine::Parts*>(env);
  auto index = parts.stacks->take();
  if (!index) return refuse(std::move(index).error());
  auto* owned = new (std::nothrow) OwnedStack{*parts.stacks, *index};
  if (owned == nullptr) {
    parts.stacks->give_back(*index);
    return no_memory();
  }
  *out = {.env = owned, .get_stack_memory = stack_get, .finalizer = stack_delete};
  return nullptr;
} catch (const std::bad_alloc&) {
  return no_memory();
}

std::unexpected<Error> engine_error(wasmtime_error_t* raw) {
  const ErrorHandle error(raw);
  return fail(ErrorCode::kInternalError, message_of(*error));
}

wasm_functype_t* function_type(const Import& import) {
  const auto types = [](std::string_view letters) {
    std::vector<wasm_valtype_t*> list;
    for (const char letter : letters)
      list.push_back(wasm_valtype_new(letter == 'I' ? WASM_I64 : WASM_I32));
    wasm_valtype_vec_t vec;
    wasm_valtype_vec_new(&vec, list.size(), list.data());
    return vec;
  };
  auto parameters = types(import.parameters);
  auto results = types(import.results);
  return wasm_functype_new(&parameters, &results);
}

}  // namespace

wasm_trap_t* call_import(void* env, wasmtime_caller_t* caller, wasmtime_val_raw_t* raw, std::size_t count);

std::optional<Error> take_refusal() { return std::exchange(latest_refusal, std::nullopt); }

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options, budget::Ledger& ledger) {
  // Transparent huge pages would turn one hot page into 2 MiB of resident memory.
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  auto parts = std::unique_ptr<Parts>(
      new Parts{.ledger = ledger, .tracking = options.tracking, .ends_slice = options.ends_slice});
  NEXUS_TRY(parts->arena, memory::Arena::create(options.max_instances));
  NEXUS_TRY(parts->stacks, FiberStacks::create(options.max_instances, kWasmStackBytes + kHostStackBytes));
  wasm_config_t* config = new_config();
  wasmtime_memory_creator_t memories{.env = parts.get(), .new_memory = memory_new, .finalizer = nullptr};
  wasmtime_config_host_memory_creator_set(config, &memories);
  wasmtime_stack_creator_t stacks{.env = parts.get(), .new_stack = stack_new, .finalizer = nullptr};
  wasmtime_config_host_stack_creator_set(config, &stacks);
  parts->engine.reset(wasm_engine_new_with_config(config));
  NEXUS_TRY(parts->faults, memory::WriteFaults::install(*parts->arena));
  try {
    if (!parts->ends_slice) {
      parts->ticker = std::make_unique<Ticker>(
          [engine = parts->engine.get()] { wasmtime_engine_increment_epoch(engine); });
    }
  } catch (const std::system_error& error) {
    return fail(ErrorCode::kInternalError,
                fmt::format("cannot start a thread: {} (see `ulimit -v` and `ulimit -u`)", error.what()));
  }
  auto engine = std::unique_ptr<Engine>(new Engine(std::move(parts)));
  if (auto prepared = engine->prepare_thread(); !prepared)
    return std::unexpected(std::move(prepared).error());
  return engine;
}

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

// Any call prepares the thread; an import that returns at once needs no guest memory.
Result<void> Engine::prepare_thread() {
  if (auto there = prepare_signal_stack(); !there) return there;
  take_refusal();
  const StoreHandle store(wasmtime_store_new(parts_->engine.get(), nullptr, nullptr));
  wasmtime_context_t* context = wasmtime_store_context(store.get());
  wasmtime_context_set_epoch_deadline(context, std::uint64_t{1} << 40);
  const Handle<wasm_functype_t, wasm_functype_delete> type(function_type({}));
  const auto come_back = [](void*, wasmtime_caller_t*, const wasmtime_val_t*, std::size_t, wasmtime_val_t*,
                            std::size_t) -> wasm_trap_t* { return nullptr; };
  wasmtime_func_t function;
  wasmtime_func_new(context, type.get(), come_back, nullptr, nullptr, &function);
  wasm_trap_t* trap = nullptr;
  auto* error = wasmtime_func_call(context, &function, nullptr, 0, nullptr, 0, &trap);
  const TrapHandle trapped(trap);
  if (error != nullptr) return engine_error(error);
  return {};
}

memory::TrackingCounts Engine::tracking() const { return parts_->arena->tally().counts(); }

// Two epochs are the deadline of a first slice, one that of a later slice.
void Engine::Parts::offer_end_of_slice() const {
  if (!ends_slice || !ends_slice()) return;
  wasmtime_engine_increment_epoch(engine.get());
  wasmtime_engine_increment_epoch(engine.get());
}

void Engine::end_slices() { wasmtime_engine_increment_epoch(parts_->engine.get()); }

std::string_view Engine::version() { return "wasmtime " WASMTIME_VERSION; }

Result<std::unique_ptr<Program>> Program::load(Engine& engine, std::span<const std::byte> code,
                                               std::span<const Import> imports,
                                               std::span<const std::string_view> exports) {
  auto parts =
      std::unique_ptr<Parts>(new Parts{.engine = engine, .exports = {exports.begin(), exports.end()}});
  wasmtime_module_t* module = nullptr;
  auto* error = wasmtime_module_deserialize(
      engine.parts().engine.get(), reinterpret_cast<const std::uint8_t*>(code.data()), code.size(), &module);
  if (error != nullptr) return engine_error(error);
  parts->module.reset(module);
  parts->linker.reset(wasmtime_linker_new(engine.parts().engine.get()));
  for (const Import& import : imports) {
    const Handle<wasm_functype_t, wasm_functype_delete> type(function_type(import));
    error = wasmtime_linker_define_func_unchecked(
        parts->linker.get(), import.module.data(), import.module.size(), import.name.data(),
        import.name.size(), type.get(), call_import, const_cast<Import*>(&import), nullptr);
    if (error != nullptr) return engine_error(error);
  }
  return std::unique_ptr<Program>(new Program(std::move(parts)));
}

Program::Program(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Program::~Program() = default;

Result<std::vector<std::byte>> compile(std::span<const std::byte> wasm) {
  wasm_config_t* config = new_config();
  // Compiles on this thread only: compilation runs once, at build time, and in tests, where TSan does not understand
  // the engine's own threads.
  wasmtime_config_parallel_compilation_set(config, false);
  const EngineHandle engine(wasm_engine_new_with_config(config));
  wasmtime_module_t* raw = nullptr;
  auto* error = wasmtime_module_new(engine.get(), reinterpret_cast<const std::uint8_t*>(wasm.data()),
                                    wasm.size(), &raw);
  if (error != nullptr) return engine_error(error);
  const ModuleHandle module(raw);
  wasm_byte_vec_t bytes;
  error = wasmtime_module_serialize(module.get(), &bytes);
  if (error != nullptr) return engine_error(error);
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data);
  std::vector<std::byte> code(begin, begin + bytes.size);
  wasm_byte_vec_delete(&bytes);
  return code;
}

}  // namespace nexus::engine
