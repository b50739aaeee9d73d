// The program's `operator new`, with a reserve: when malloc fails, a block of up to kLargestReserved bytes comes from
// static storage, and a larger one throws std::bad_alloc as usual. A loop can then still reject, close, log and wait
// for its timer when the address space (ulimit -v) or the machine's commit limit is used up. A memory cgroup does not
// make malloc fail; there the budget protects the process.
//
// std::bad_alloc is caught only where C++ returns to the engine's frames: the handler fails. Anywhere else it ends the
// process in good order (end_without_memory()); no other code has to be correct with half of its work done.
//
// While malloc succeeds, the reserve costs one comparison per freed block and no resident memory. Thread-safe. Absent
// under a sanitizer, which brings its own `operator new`. The Rust code of the engine allocates through the reserve
// too (engine/src/allocator.rs).
#pragma once

#include <cstddef>

#include "nexus/foundation/base/error.h"

namespace nexus {

inline constexpr std::size_t kLargestReserved = 8192;

// malloc has no kSpareBytes, by the latest look, or half of the reserve is in use: do not begin new work.
bool is_memory_short();
// Looks for kSpareBytes; to be called about every 100 ms.
void look_for_memory();
inline constexpr std::size_t kSpareBytes = 16 << 20;

// kOverloaded, for when malloc fails. Its texts are short enough to need no allocation.
Error want_of_memory();

// Whether malloc has `bytes` now. Another thread may take them in the next moment.
bool has_memory(std::size_t bytes);

// Writes one line to standard error, and ends the process with status 1, without destructors: its crash record stays
// for the next start. Allocates nothing.
[[noreturn]] void end_without_memory() noexcept;

// Makes std::bad_alloc that nothing catches call end_without_memory(). Other exceptions abort the process as usual.
void end_on_bad_alloc();

// Access to the reserve, for its tests.
struct Reserve {
  static void* take(std::size_t bytes);  // null if no block is left or `bytes` is too large
  static bool give_back(void* block);    // false if the block is not from the reserve
  static bool has(const void* block);
  static std::size_t free_blocks_of(std::size_t bytes);
};

}  // namespace nexus
