#include "nexus/sandbox/engine/signal_stack.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "nexus/foundation/base/units.h"

namespace nexus::engine {
namespace {

// The size that the engine requires (48.0.8, vm/sys/unix/signals.rs, MIN_STACK_SIZE); it would replace a smaller
// stack.
constexpr std::size_t kSignalStackBytes = 256 * 1024;
constexpr std::size_t kMappedBytes = kPageBytes + kSignalStackBytes;  // with a guard page below

class SignalStack {
 public:
  SignalStack() = default;
  ~SignalStack() {
    if (mapped_ == nullptr) return;
    sigaltstack(&before_, nullptr);
    munmap(mapped_, kMappedBytes);
  }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

  bool is_there() const { return mapped_ != nullptr; }

  // Returns 0 or errno.
  int set_up() {
    void* mapped = mmap(nullptr, kMappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return errno;
    stack_t stack{};
    stack.ss_sp = static_cast<std::byte*>(mapped) + kPageBytes;
    stack.ss_size = kSignalStackBytes;
    if (mprotect(mapped, kPageBytes, PROT_NONE) != 0 || sigaltstack(&stack, &before_) != 0) {
      const int why = errno;
      munmap(mapped, kMappedBytes);
      return why;
    }
    mapped_ = mapped;
    return 0;
  }

 private:
  void* mapped_ = nullptr;
  stack_t before_{};
};

}  // namespace

Result<void> prepare_signal_stack() {
  static thread_local SignalStack stack;
  if (stack.is_there()) return {};
  if (const int why = stack.set_up(); why != 0) {
    return fail(ErrorCode::kInternalError,
                fmt::format("cannot map a thread's signal stack: {} (see `ulimit -v` and vm.max_map_count)",
                            std::strerror(why)));
  }
  return {};
}

}  // namespace nexus::engine
