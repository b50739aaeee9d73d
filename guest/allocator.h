// The allocator of the interpreter: counts what is held, holds it to control.memory_limit, and keeps a ballast so that
// "out of memory" itself can be thrown as an error.
#pragma once

#include <stddef.h>

#include "quickjs.h"

extern const JSMallocFunctions nexus_allocator;

void allocator_open(void);            // takes the ballast
void allocator_begin_execution(void);  // forgets the peak and the failures of earlier ones
void allocator_end_load(void);         // from now on collection follows the limit; before, the same on every machine
// When the interpreter should collect next, given what is live now: half way to the limit at the latest, so that a
// heap that fills most of its limit still finds its garbage in time. Called from our patch of QuickJS.
size_t nexus_gc_threshold(size_t live);
