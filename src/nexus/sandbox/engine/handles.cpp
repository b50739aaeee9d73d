#include "nexus/sandbox/engine/handles.h"

namespace nexus::engine {
namespace {

std::string take_text(wasm_byte_vec_t& bytes) {
  std::string text(bytes.data, bytes.size);
  while (!text.empty() && text.back() == '\0')
    text.pop_back();
  wasm_byte_vec_delete(&bytes);
  return text;
}

}  // namespace

std::string message_of(const wasmtime_error_t& error) {
  wasm_byte_vec_t bytes;
  wasmtime_error_message(&error, &bytes);
  return take_text(bytes);
}

std::string message_of(const wasm_trap_t& trap) {
  wasm_byte_vec_t bytes;
  wasm_trap_message(&trap, &bytes);
  return take_text(bytes);
}

}  // namespace nexus::engine
