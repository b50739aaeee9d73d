// RAII handles of Wasmtime's C objects. Only this folder includes them.
#pragma once

#include <wasm.h>
#include <wasmtime.h>

#include <memory>
#include <string>

namespace nexus::engine {

template <auto Delete>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Delete(object);
  }
};
template <class T, auto Delete>
using Handle = std::unique_ptr<T, Deleter<Delete>>;

using EngineHandle = Handle<wasm_engine_t, wasm_engine_delete>;
using ModuleHandle = Handle<wasmtime_module_t, wasmtime_module_delete>;
using LinkerHandle = Handle<wasmtime_linker_t, wasmtime_linker_delete>;
using StoreHandle = Handle<wasmtime_store_t, wasmtime_store_delete>;
using FutureHandle = Handle<wasmtime_call_future_t, wasmtime_call_future_delete>;
using ErrorHandle = Handle<wasmtime_error_t, wasmtime_error_delete>;
using TrapHandle = Handle<wasm_trap_t, wasm_trap_delete>;

// The engine's message.
std::string message_of(const wasmtime_error_t& error);
std::string message_of(const wasm_trap_t& trap);

}  // namespace nexus::engine
