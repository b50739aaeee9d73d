// The C interface of the JSON Schema checker, which is Rust (engine/src/schema.rs around engine/schema) and linked from
// the engine's archive.
#pragma once

#include <cstddef>

extern "C" {

struct nexus_schema;

// Receives each error. The texts are UTF-8 and valid during the call; `path` is "" or like ".a.b[0]". It must not
// throw.
using nexus_schema_on_fault = void (*)(void* context, const char* path, std::size_t path_size,
                                       const char* message, std::size_t message_size);

// Null, and errors (at worst one per byte of `text`), when it is no valid schema. REQUIRES: checked JSON.
nexus_schema* nexus_schema_compile(const char* text, std::size_t size, void* context,
                                   nexus_schema_on_fault on_fault);
// Estimated bytes of memory.
std::size_t nexus_schema_bytes(const nexus_schema* schema);
// Reports the errors of a value, at most 20. REQUIRES: checked JSON.
void nexus_schema_check(const nexus_schema* schema, const char* text, std::size_t size, void* context,
                        nexus_schema_on_fault on_fault);
void nexus_schema_free(nexus_schema* schema);
}
