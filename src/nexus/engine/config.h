// The one configuration of Wasmtime. Code that was compiled ahead of time only loads into an engine with the same one,
// so the build's compiler and the server share this file.
#pragma once

#include "nexus/engine/handles.h"

namespace nexus::engine {

// The native stack that WebAssembly may use. Larger than what the guest's own stack can drive, so that deep recursion
// is an error in JavaScript and never a trap: with 2 MiB deeply nested JSON still trapped, with 4 MiB nothing did.
inline constexpr std::size_t kWasmStackBytes = 4096 * 1024;
// Host functions run on the same stack below that; overflowing it ends the process. They use 64 KiB at most.
inline constexpr std::size_t kHostStackBytes = 512 * 1024;

wasm_config_t* new_config();  // to be given to wasm_engine_new_with_config, which frees it

}  // namespace nexus::engine
