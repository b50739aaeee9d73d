// The interpreter's allocator: counts the bytes held, enforces control.memory_limit, and keeps a ballast from which
// the "out of memory" error itself is allocated.
#pragma once

#include <stddef.h>

#include "quickjs.h"

extern const JSMallocFunctions nexus_allocator;

void allocator_open(void);            // allocates the ballast
void allocator_begin_execution(void);  // clears the peak and the failures of earlier executions
void allocator_end_load(void);         // from now on collection follows the limit; before, it is equal on every machine
// The heap size of the next collection, given the live bytes: half way to the limit at the latest, so that a heap
// near its limit still collects its garbage in time. Called from our patch of QuickJS.
size_t nexus_gc_threshold(size_t live);
