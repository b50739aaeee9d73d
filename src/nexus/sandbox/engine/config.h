// The single configuration of Wasmtime. Precompiled code only loads into an engine with the same configuration, so
// the build's compiler and the server share this file.
#pragma once

#include "nexus/sandbox/engine/handles.h"

namespace nexus::engine {

wasm_config_t* new_config();  // passed to wasm_engine_new_with_config, which frees it

}  // namespace nexus::engine
