// The one configuration of Wasmtime. Code that was compiled ahead of time only loads into an engine with the same one,
// so the build's compiler and the server share this file.
#pragma once

#include "nexus/sandbox/engine/handles.h"

namespace nexus::engine {

wasm_config_t* new_config();  // to be given to wasm_engine_new_with_config, which frees it

}  // namespace nexus::engine
