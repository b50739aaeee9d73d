#include "allocator.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

// Enough for an error object with its message and stack.
#define BALLAST_BYTES (64 * 1024)

struct control control;
static void* ballast;
static int loading = 1;

static void count(size_t bytes) {
  control.held += bytes;
  if (control.held > control.peak) control.peak = control.held;
}

static void* failed(size_t bytes, uint32_t cause) {
  if (control.failed_cause == CAUSE_NONE) {
    control.failed_cause = cause;
    control.failed_bytes = bytes;
  }
  if (ballast) {
    control.held -= malloc_usable_size(ballast);
    free(ballast);
    ballast = NULL;
  }
  return NULL;
}

// A handler that catches "out of memory" and releases memory can reach the limit again, and must get an error object
// again.
static void retake_ballast(void) {
  if (control.held + 2 * BALLAST_BYTES > control.memory_limit) return;
  ballast = malloc(BALLAST_BYTES);
  if (ballast) control.held += malloc_usable_size(ballast);
}

static int exceeds(size_t bytes) {
  return bytes > control.memory_limit || control.held > control.memory_limit - bytes;
}

static void* nexus_malloc(void* opaque, size_t bytes) {
  (void)opaque;
  if (exceeds(bytes)) return failed(bytes, CAUSE_LIMIT);
  void* p = malloc(bytes);
  if (!p) return failed(bytes, CAUSE_REFUSED);
  count(malloc_usable_size(p));
  return p;
}

static void* nexus_calloc(void* opaque, size_t n, size_t size) {
  void* p = nexus_malloc(opaque, n * size);  // the interpreter has checked the product for overflow
  return p ? memset(p, 0, n * size) : NULL;
}

static void nexus_free(void* opaque, void* p) {
  (void)opaque;
  if (!p) return;
  control.held -= malloc_usable_size(p);
  free(p);
  if (!ballast) retake_ballast();
}

static void* nexus_realloc(void* opaque, void* p, size_t bytes) {
  if (!p) return nexus_malloc(opaque, bytes);
  const size_t before = malloc_usable_size(p);
  if (bytes > before && exceeds(bytes - before)) return failed(bytes, CAUSE_LIMIT);
  void* q = realloc(p, bytes);
  if (!q) return failed(bytes, CAUSE_REFUSED);
  control.held -= before;
  count(malloc_usable_size(q));
  return q;
}

static size_t nexus_usable_size(const void* p) { return malloc_usable_size((void*)p); }

const JSMallocFunctions nexus_allocator = {nexus_calloc, nexus_malloc, nexus_free, nexus_realloc, nexus_usable_size};

void allocator_open(void) { retake_ballast(); }

void allocator_begin_execution(void) {
  control.peak = control.held;
  control.failed_bytes = 0;
  control.failed_cause = CAUSE_NONE;
}

void allocator_end_load(void) { loading = 0; }

size_t nexus_gc_threshold(size_t live) {
  const size_t usual = live + (live >> 1);
  if (loading) return usual;
  if (control.held >= control.memory_limit) return live;
  const size_t latest = live + (control.memory_limit - control.held) / 2;
  return usual < latest ? usual : latest;
}
