#include "nexus/sandbox/engine/config.h"

#include <cstdlib>

#include "nexus/sandbox/engine/fiber_stacks.h"

namespace nexus::engine {

wasm_config_t* new_config() {
  wasm_config_t* config = wasm_config_new();
  // x86-64-v2 covers every processor of the last fifteen years; newer instructions did not make the interpreter
  // faster.
  const ErrorHandle bad_target(wasmtime_config_target_set(config, "x86_64-unknown-linux-gnu"));
  if (bad_target) std::abort();
  for (const char* flag :
       {"has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt", "has_cmpxchg16b"}) {
    wasmtime_config_cranelift_flag_enable(config, flag);
  }
  wasmtime_config_epoch_interruption_set(config, true);
  wasmtime_config_memory_may_move_set(config, false);
  wasmtime_config_memory_init_cow_set(config, false);  // must be off with custom memories
  wasmtime_config_max_wasm_stack_set(config, kWasmStackBytes);
  wasmtime_config_async_stack_size_set(config, kWasmStackBytes + kHostStackBytes);
  return config;
}

}  // namespace nexus::engine
