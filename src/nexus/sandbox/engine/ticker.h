// Advances the engine's epoch every millisecond while a guest runs; this cuts running guests into slices. Sleeps
// without wakeups while none runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

namespace nexus::engine {

// Thread-safe.
class Ticker {
 public:
  explicit Ticker(std::function<void()> tick);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

  // The ticker ticks while at least one Running exists.
  class Running {
   public:
    explicit Running(Ticker& ticker) : ticker_(&ticker) { ticker.begin(); }
    ~Running() { ticker_->running_.fetch_sub(1, std::memory_order_release); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    Ticker* ticker_;
  };

  std::uint64_t ticks() const { return ticks_.load(std::memory_order_relaxed); }

 private:
  void begin();
  void loop();

  std::function<void()> tick_;
  std::atomic<std::uint32_t> running_{0};
  std::atomic<std::uint32_t> asleep_{0};  // 1: the thread waits on this word
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> ticks_{0};
  std::thread thread_;
};

}  // namespace nexus::engine
