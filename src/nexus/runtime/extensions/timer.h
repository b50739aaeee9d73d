// $ext.timer.sleep(ms): its promise is fulfilled with null after at least `ms` milliseconds. One thread serves all
// sleepers.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/runtime/extensions/extension.h"
#include "nexus/runtime/extensions/sleepers.h"

namespace nexus::extensions {

class Timer final : public Extension {
 public:
  // kInternalError: no thread is available.
  static Result<std::unique_ptr<Timer>> create();
  // Without a thread: whoever made it calls settle_due(). For simulations; `clock` must outlive it.
  explicit Timer(const Clock& clock) : clock_(clock) {}
  // Sleepers that are left are not settled.
  ~Timer() override;

  std::string_view name() const override { return "timer"; }
  std::vector<std::string_view> methods() const override { return {"sleep"}; }
  Started start(const Call& call, Settlements& settlements) override;
  void cancel(CallId id) override;

  std::size_t sleeping() const;
  // Settles sleepers that are due, 256 at most. False: none is.
  bool settle_due();

 private:
  Timer() : clock_(machine_), thread_([this](const std::stop_token& stop) { run(stop); }) {}
  void run(const std::stop_token& stop);

  SystemClock machine_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;  // a sleeper is due before all others, or the thread has to end
  Sleepers sleepers_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace nexus::extensions
