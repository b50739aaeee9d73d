// The native stacks that guests run on. They are memory that a guest controls (one deep call leaves megabytes), so they
// are ours: reserved in one piece, dropped after use but for the part that every call needs.
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

// The native stack that WebAssembly may use. Larger than what the guest's own stack can drive, so that deep recursion
// is an error in JavaScript and never a trap: with 2 MiB deeply nested JSON still trapped, with 4 MiB nothing did.
inline constexpr std::size_t kWasmStackBytes = 4096 * 1024;
// Host functions run on the same stack below that; overflowing it ends the process. They use 64 KiB at most.
inline constexpr std::size_t kHostStackBytes = 512 * 1024;

// Kept after a call: what an ordinary call uses, so that it need not be faulted in again.
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

  // kOverloaded when all are taken, or the kernel has no mapping left for one more; what is given back can be had again.
  Result<std::size_t> take();
  void give_back(std::size_t index);  // all of it is dropped
  Stack stack(std::size_t index) const;

  // Drops what lies deeper than kKeptStackBytes of the stack that holds `address`; does nothing for other addresses.
  // REQUIRES: nothing runs on it. Gives the bytes that were resident beyond that.
  std::size_t trim(const void* address);
  // What trim() would drop now; somebody may be waiting on it.
  std::size_t deep_bytes(const void* address) const;

 private:
  struct Deep {
    std::byte* from = nullptr;  // null: nobody has gone deeper than what is kept
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
