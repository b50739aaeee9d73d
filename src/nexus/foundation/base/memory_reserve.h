// The program's `operator new`, with a reserve: when malloc fails, a block of up to kLargestReserved bytes comes from
// static storage, and a larger one throws std::bad_alloc as usual. A loop can then still reject, close, log and wait
// for its timer when the address space (ulimit -v) or the machine's commit limit is used up. A memory cgroup does not
// make malloc fail; there the budget protects the process.
//
// While malloc succeeds, the reserve costs one comparison per freed block and no resident memory. Thread-safe. Absent
// under a sanitizer, which brings its own `operator new`. The Rust code of the engine allocates through the reserve
// too (engine/src/allocator.rs).
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "nexus/foundation/base/error.h"

namespace nexus {

inline constexpr std::size_t kLargestReserved = 8192;

// At least half of the reserve is in use and malloc still fails: do not begin new work.
bool is_memory_short();

// At least three quarters are in use: do not accept new connections.
bool is_memory_gone();

// kOverloaded, for when malloc fails. Its texts are short enough to need no allocation.
Error want_of_memory();

// Throws std::bad_alloc unless malloc has `bytes` now. Called before Rust code that allocates, because Rust aborts
// the process when an allocation fails. Another thread may take the bytes in between.
void require_memory(std::size_t bytes);

// Runs optional or deferrable work. False if it threw std::bad_alloc.
template <class Work>
bool if_memory_lasts(Work&& work) try {
  std::forward<Work>(work)();
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// Access to the reserve, for its tests.
struct Reserve {
  static void* take(std::size_t bytes);  // null if no block is left or `bytes` is too large
  static bool give_back(void* block);    // false if the block is not from the reserve
  static bool has(const void* block);
  static std::size_t free_blocks_of(std::size_t bytes);
};

}  // namespace nexus
