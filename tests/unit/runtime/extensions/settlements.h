// Receives settlements in place of the server.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

class FakeSettlements final : public Settlements {
 public:
  void settle(CallId id, Settlement settlement) override {
    const std::lock_guard lock(mutex_);
    order_.push_back(id);
    EXPECT_TRUE(all_.emplace(id, std::move(settlement)).second) << "settled twice";
    changed_.notify_all();
  }

  // Waits for the settlement. The time limit is for a test that would hang.
  Settlement of(CallId id) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kLong, [&] { return all_.contains(id); })) << "never settled";
    return all_[id];
  }
  void wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, kLong, [&] { return all_.size() >= count; })) << all_.size();
  }
  bool has(CallId id) {
    const std::lock_guard lock(mutex_);
    return all_.contains(id);
  }
  std::vector<CallId> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }

 private:
  static constexpr std::chrono::seconds kLong{60};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<CallId, Settlement> all_;
  std::vector<CallId> order_;
};

inline ::testing::AssertionResult is_error(const Settlement& settlement, const std::string& name) {
  if (settlement.kind == Settlement::Kind::kError &&
      settlement.json.starts_with("{\"name\":\"" + name + "\",\"message\":\"")) {
    return ::testing::AssertionSuccess() << settlement.json;
  }
  return ::testing::AssertionFailure() << "no " << name << " but " << settlement.json;
}

}  // namespace nexus::extensions
