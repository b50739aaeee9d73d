#include "nexus/sandbox/engine/ticker.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>

#include "nexus/foundation/base/clock.h"

namespace nexus::engine {
namespace {

constexpr auto kTick = std::chrono::milliseconds(1);
// Sleeping and waking cost a system call each: too much between two calls on a busy server.
constexpr int kIdleTicksBeforeSleep = 20;

// Asks the scheduler for low latency after a wakeup in exchange for short run times. Otherwise, beside guests that
// never end, a tick is sometimes 3 ms late. Kernels before 6.12 ignore the request.
void ask_for_short_slices() {
  struct {
    std::uint32_t size = 48, policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime_ns = 100'000, deadline_ns = 0, period_ns = 0;
  } attributes;  // struct sched_attr, which Debian 12's headers don't have
  attributes.nice = getpriority(PRIO_PROCESS, 0);
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

}  // namespace

Ticker::Ticker(std::function<void()> tick) : tick_(std::move(tick)), thread_([this] { loop(); }) {
  pthread_setname_np(thread_.native_handle(), "nexus-ticker");
}

Ticker::~Ticker() {
  stopping_.store(true);
  asleep_.store(0);
  asleep_.notify_one();
  thread_.join();
}

void Ticker::begin() {
  running_.fetch_add(1, std::memory_order_seq_cst);
  if (asleep_.load(std::memory_order_seq_cst) == 1 && asleep_.exchange(0) == 1) asleep_.notify_one();
}

void Ticker::loop() {
  ask_for_short_slices();
  int idle = 0;
  while (!stopping_.load(std::memory_order_relaxed)) {
    sleep_on_thread(kTick);
    if (running_.load(std::memory_order_acquire) != 0) {
      idle = 0;
      ticks_.fetch_add(1, std::memory_order_relaxed);
      tick_();
    } else if (++idle >= kIdleTicksBeforeSleep) {
      idle = 0;
      asleep_.store(1, std::memory_order_seq_cst);
      // A begin() in between either saw the 1 and cleared it, or is seen here.
      if (running_.load(std::memory_order_seq_cst) != 0 || stopping_.load()) {
        asleep_.store(0);
      } else {
        asleep_.wait(1);
      }
    }
  }
}

}  // namespace nexus::engine
