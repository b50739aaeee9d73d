// $ext.timer.sleep(ms): fulfilled with null after at least `ms`. One thread for all who sleep.
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
  // kInternalError: no thread can be had.
  static Result<std::unique_ptr<Timer>> create();
  // Who still sleeps is not settled any more.
  ~Timer() override;

  std::string_view name() const override { return "timer"; }
  std::vector<std::string_view> methods() const override { return {"sleep"}; }
  Started start(const Call& call, Settlements& settlements) override;
  void cancel(CallId id) override;

  std::size_t sleeping() const;

 private:
  Timer() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
  void run(const std::stop_token& stop);

  SystemClock clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;  // somebody is due before all others, or it ends
  Sleepers sleepers_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace nexus::extensions
