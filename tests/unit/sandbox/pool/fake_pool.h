// A pool of fake instances.
#pragma once

#include <gtest/gtest.h>

#include "nexus/sandbox/pool/basic_pool.h"

namespace nexus::pool {

class Hands final : public Clock {
 public:
  std::int64_t unix_ms() const override { return 0; }
  std::uint64_t monotonic_us() const override { return us; }
  std::uint64_t us = 0;
};

struct FakeInstance {
  enum class Status : std::uint8_t { kIdle, kRunning, kFinished, kTerminated };

  explicit FakeInstance(int& alive) : alive_(alive) { ++alive_; }
  ~FakeInstance() { --alive_; }
  Status state() const { return status; }
  void cancel(ErrorCode code, const std::string&) {
    EXPECT_EQ(status, Status::kRunning);
    EXPECT_EQ(code, ErrorCode::kCancelled);
    status = Status::kFinished;
  }
  void terminate() {
    status = Status::kTerminated;
    bytes = 0;
  }
  std::uint64_t executions() const { return runs; }
  std::uint64_t memory_used() const { return bytes; }

  Status status = Status::kIdle;
  std::uint64_t runs = 0;
  std::uint64_t bytes = 1000;
  bool in_use = false;

 private:
  int& alive_;
};

using Pool = BasicInstancePool<FakeInstance>;
using FakeLease = BasicLease<FakeInstance>;

inline std::uint64_t retired(const Pool& pool, Retired reason) {
  return pool.stats().retired[static_cast<std::size_t>(reason)];
}

class PoolTest : public ::testing::Test {
 protected:
  Pool::Factory factory() {
    return [this]() -> Result<std::unique_ptr<FakeInstance>> {
      if (failures_left > 0) {
        --failures_left;
        return fail(ErrorCode::kOverloaded, "no room");
      }
      return std::make_unique<FakeInstance>(alive);
    };
  }
  // Keeps the lease in `leases`, or the error in `refusals`.
  Pool::Ready keep() {
    return [this](Result<FakeLease> lease) {
      if (lease) {
        leases.push_back(std::move(*lease));
      } else {
        refusals.push_back(lease.error());
      }
    };
  }

  Hands clock;
  int alive = 0;
  int failures_left = 0;
  std::vector<Error> refusals;
  std::vector<FakeLease> leases;
};

}  // namespace nexus::pool
