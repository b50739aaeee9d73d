// `operator new` of the program, with a reserve: where malloc has nothing left, a block of up to kLargestReserved bytes comes
// from storage that has been set aside. So a loop can still refuse, close, log and wait for its timer in a process whose
// address space (ulimit -v) or whose machine's commit limit is used up; larger blocks throw std::bad_alloc as ever. A memory
// cgroup doesn't make malloc fail: what keeps the process within it is the budget. Without malloc's failing it costs one
// comparison for each block freed, and no resident memory. Thread-safe. Absent under a sanitizer, which brings
// its own `operator new`. The engine's Rust allocates through it too (engine/src/allocator.rs).
#pragma once

#include <cstddef>
#include <new>
#include <utility>

#include "nexus/foundation/base/error.h"

namespace nexus {

inline constexpr std::size_t kLargestReserved = 8192;

// Half of the reserve is in use, and malloc still has nothing: no new work must be begun.
bool is_memory_short();

// Three quarters are: nobody new must be let in, not even to look.
bool is_memory_gone();

// kOverloaded where malloc has nothing left. Its texts are short enough to need none.
Error want_of_memory();

// Throws std::bad_alloc unless malloc has that much now: before Rust is asked for what may need it, since Rust ends the process
// where it is not to be had. Another thread may take it in between.
void require_memory(std::size_t bytes);

// Does what can be left out, or done later: false, there was no memory for all of it.
template <class Work>
bool if_memory_lasts(Work&& work) try {
  std::forward<Work>(work)();
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

// The reserve itself, for its tests.
struct Reserve {
  static void* take(std::size_t bytes);  // null: none is left, or it would be too large
  static bool give_back(void* block);    // false: it isn't the reserve's
  static bool has(const void* block);
  static std::size_t free_blocks_of(std::size_t bytes);
};

}  // namespace nexus
