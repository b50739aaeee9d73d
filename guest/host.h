// The guest's imports from the host, and the attribute of its exports; border.h has the numbers.
#pragma once

#include "border.h"

#define NEXUS_IMPORT(name) __attribute__((import_module("nexus"), import_name(name)))
#define NEXUS_EXPORT(name) __attribute__((export_name(name)))

// Returns the length of the result and writes at most `capacity` bytes of it. A longer result is kept whole for one
// host_take.
NEXUS_IMPORT("call")
int32_t host_call(int32_t op, const char* a, int32_t a_length, const char* b, int32_t b_length, char* out,
                  int32_t capacity);
NEXUS_IMPORT("take") int32_t host_take(char* out, int32_t capacity);
NEXUS_IMPORT("random") void host_random(void* out, int32_t length);

extern struct control control;
