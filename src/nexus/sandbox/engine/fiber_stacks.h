// The native stacks of guests. A guest controls how much of a stack becomes resident (one deep call: megabytes), so
// the stacks are reserved here in one piece, and all but the part that every call needs is released after use.
//
//   base               + stride
//    │ guard │ stack 0  │ guard │ stack 1  │ ...      a stack grows down, towards its guard
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "nexus/foundation/base/error.h"

namespace nexus::engine {

// The native stack for WebAssembly code. It is larger than the guest's own stack can drive it, so that deep recursion
// is a JavaScript error and never a trap: deeply nested JSON trapped with 2 MiB, nothing did with 4 MiB.
inline constexpr std::size_t kWasmStackBytes = 4096 * 1024;
// Host functions run on the same stack, below that part. They use at most 64 KiB; an overflow would end the process.
inline constexpr std::size_t kHostStackBytes = 512 * 1024;

// Stays resident after a call: the part that an ordinary call uses, so that the next call takes no page faults.
inline constexpr std::size_t kKeptStackBytes = 64 * 1024;

// Thread-safe. Must outlive the engine's stores.
class FiberStacks {
 public:
  static Result<std::unique_ptr<FiberStacks>> create(std::size_t stacks, std::size_t stack_bytes);
  ~FiberStacks();
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;

  struct Stack {
    std::byte* bottom;
    std::size_t bytes;
    std::byte* top() const { return bottom + bytes; }
  };

  // kOverloaded if all stacks are taken, or the kernel has no mapping for one more. A returned stack can be taken
  // again.
  Result<std::size_t> take();
  void give_back(std::size_t index);  // releases all of its pages
  Stack stack(std::size_t index) const;

  // Releases the part deeper than kKeptStackBytes of the stack that contains `address`, and returns its resident
  // bytes. Does nothing for other addresses. REQUIRES: nothing runs on the stack.
  std::size_t trim(const void* address);
  // The bytes that trim() would release now; a suspended call may be using them.
  std::size_t deep_bytes(const void* address) const;

 private:
  struct Deep {
    std::byte* from = nullptr;  // null if no call went deeper than the kept part
    std::size_t bytes = 0;
  };
  Deep deep_part(const void* address) const;
  static std::size_t resident_bytes(const Deep& deep);
  FiberStacks(std::byte* base, std::size_t stacks, std::size_t stack_bytes);
  std::byte* base_;
  std::size_t stacks_;
  std::size_t stack_bytes_;
  std::size_t stride_;
  std::mutex mutex_;
  std::vector<std::size_t> free_;
};

}  // namespace nexus::engine
