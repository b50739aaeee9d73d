#include "nexus/foundation/base/memory_reserve.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>

namespace nexus {
namespace {

// Blocks of one size. A map has a bit for each block, which is set while the block is in use; a word covers 64
// blocks.
template <std::size_t kBytes, std::size_t kWords>
class Blocks {
 public:
  static constexpr std::size_t kCount = kWords * 64;

  void* take() {
    for (std::size_t word = 0; word < kWords; ++word) {
      std::uint64_t used = used_[word].load(std::memory_order_relaxed);
      while (~used != 0) {
        const auto bit = static_cast<unsigned>(std::countr_one(used));
        if (used_[word].compare_exchange_weak(used, used | std::uint64_t{1} << bit, std::memory_order_acquire,
                                              std::memory_order_relaxed)) {
          in_use_.fetch_add(1, std::memory_order_relaxed);
          return storage_.data() + (word * 64 + bit) * kBytes;
        }
      }
    }
    return nullptr;
  }

  bool has(const void* block) const { return offset_of(block) < storage_.size(); }

  bool give_back(void* block) {
    if (!has(block)) return false;
    const std::size_t index = offset_of(block) / kBytes;
    in_use_.fetch_sub(1, std::memory_order_relaxed);
    used_[index / 64].fetch_and(~(std::uint64_t{1} << index % 64), std::memory_order_release);
    return true;
  }

  std::size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  std::size_t offset_of(const void* block) const {
    return reinterpret_cast<std::uintptr_t>(block) - reinterpret_cast<std::uintptr_t>(storage_.data());
  }

  alignas(64) std::array<std::byte, kBytes * kCount> storage_{};  // zero pages, until a block is taken
  std::array<std::atomic<std::uint64_t>, kWords> used_{};
  std::atomic<std::size_t> in_use_{0};
};

constexpr std::size_t kSmall = 512;

// Zero-initialised static storage: usable before any constructor runs and after all destructors.
constinit Blocks<kSmall, 8> small_blocks{};
constinit Blocks<kLargestReserved, 1> large_blocks{};

// Memory is short until malloc can give this much.
constexpr std::size_t kProbeBytes = 64 * 1024;
std::atomic<bool> is_spare_gone = false;

void on_terminate() {
  if (const std::exception_ptr error = std::current_exception()) {
    try {
      std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
      end_without_memory();
    } catch (...) {
    }
  }
  std::abort();
}

}  // namespace

void* Reserve::take(std::size_t bytes) {
  if (bytes > kLargestReserved) return nullptr;
  void* block = bytes <= kSmall ? small_blocks.take() : nullptr;
  return block != nullptr ? block : large_blocks.take();
}

bool Reserve::give_back(void* block) {
  return small_blocks.give_back(block) || large_blocks.give_back(block);
}

bool Reserve::has(const void* block) { return small_blocks.has(block) || large_blocks.has(block); }

std::size_t Reserve::free_blocks_of(std::size_t bytes) {
  return bytes <= kSmall ? small_blocks.kCount - small_blocks.in_use()
                         : large_blocks.kCount - large_blocks.in_use();
}

bool is_memory_short() {
  const bool is_half_used =
      small_blocks.in_use() * 2 >= small_blocks.kCount || large_blocks.in_use() * 2 >= large_blocks.kCount;
  return is_spare_gone.load(std::memory_order_relaxed) || (is_half_used && !has_memory(kProbeBytes));
}

void look_for_memory() { is_spare_gone = !has_memory(kSpareBytes); }

Error want_of_memory() {
  return {.code = ErrorCode::kOverloaded,
          .message = "no memory left",
          .limit = LimitReached{"container", "memory"}};
}

bool has_memory(std::size_t bytes) {
  void* probe = std::malloc(bytes);
  asm volatile("" : "+r"(probe));  // keeps the compiler from removing the pair
  std::free(probe);
  return probe != nullptr;
}

void end_without_memory() noexcept {
  constexpr std::string_view kLine =
      "nexus: no memory is left for the server itself (see `ulimit -v` and the container's memory)\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  std::_Exit(1);
}

void end_on_bad_alloc() { std::set_terminate(on_terminate); }

}  // namespace nexus

extern "C" {  // for engine/src/allocator.rs
void* nexus_reserve_take(std::size_t bytes);
void nexus_end_without_memory();
bool nexus_reserve_give_back(void* block);
bool nexus_reserve_has(const void* block);

void* nexus_reserve_take(std::size_t bytes) { return nexus::Reserve::take(bytes); }
void nexus_end_without_memory() { nexus::end_without_memory(); }
bool nexus_reserve_give_back(void* block) { return nexus::Reserve::give_back(block); }
bool nexus_reserve_has(const void* block) { return nexus::Reserve::has(block); }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// Weak, so that a test can replace it.
[[gnu::weak]] void* operator new(std::size_t bytes) {
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  if (void* block = nexus::Reserve::take(bytes)) return block;
  throw std::bad_alloc();
}

[[gnu::weak]] void operator delete(void* block) noexcept {
  if (!nexus::Reserve::give_back(block)) std::free(block);
}

[[gnu::weak]] void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

#endif
