#include "nexus/sandbox/memory/write_faults.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::memory {
namespace {

// A signal handler takes no context argument; this is the only global that it needs.
std::atomic<const Arena*> tracked_arena{nullptr};
struct sigaction earlier;

void write_text(const char* text) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text, std::strlen(text));
}

void write_hex(std::uintptr_t value) {
  std::array<char, 19> digits{'0', 'x'};
  for (std::size_t i = 0; i < 16; ++i)
    digits[2 + i] = "0123456789abcdef"[value >> (60 - 4 * i) & 15];
  write_text(digits.data());
}

[[noreturn]] void report_stray_write(const void* address, const void* memory) {
  write_text("nexus: stray write to ");
  write_hex(reinterpret_cast<std::uintptr_t>(address));
  write_text(" in the linear memory at ");
  write_hex(reinterpret_cast<std::uintptr_t>(memory));
  write_text(
      ", which this thread is not running. This is a bug of the server; it ends here rather than let one "
      "handler's data reach another.\n");
  std::abort();
}

void chain(int signal, siginfo_t* info, void* context) {
  if ((earlier.sa_flags & SA_SIGINFO) != 0) {
    earlier.sa_sigaction(signal, info, context);
  } else if (earlier.sa_handler == SIG_DFL || earlier.sa_handler == SIG_IGN) {
    ::signal(signal, SIG_DFL);  // the fault repeats on return and ends the process with a core dump
  } else {
    earlier.sa_handler(signal);
  }
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const int kept_errno = errno;
  const Arena* arena = tracked_arena.load(std::memory_order_acquire);
  LinearMemory* owner = arena != nullptr ? arena->owner_of(info->si_addr) : nullptr;
  if (owner != nullptr && owner == Running::current()) {
    if (owner->unprotect(info->si_addr)) {
      errno = kept_errno;
      return;
    }
  } else if (owner != nullptr &&
             static_cast<const std::byte*>(info->si_addr) < owner->base() + owner->size()) {
    report_stray_write(info->si_addr, owner->base());
  }
  errno = kept_errno;
  chain(signal, info, context);
}

}  // namespace

Result<std::unique_ptr<WriteFaults>> WriteFaults::install(const Arena& arena) {
  assert(tracked_arena.load() == nullptr);
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  tracked_arena.store(&arena, std::memory_order_release);
  if (sigaction(SIGSEGV, &action, &earlier) != 0) {
    tracked_arena.store(nullptr);
    return fail(ErrorCode::kInternalError, std::string("sigaction(SIGSEGV): ") + std::strerror(errno));
  }
  return std::unique_ptr<WriteFaults>(new WriteFaults);
}

WriteFaults::~WriteFaults() {
  sigaction(SIGSEGV, &earlier, nullptr);
  tracked_arena.store(nullptr, std::memory_order_release);
}

}  // namespace nexus::memory
