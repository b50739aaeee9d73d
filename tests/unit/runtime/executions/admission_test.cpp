#include "nexus/runtime/executions/admission.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "nexus/foundation/base/units.h"
#include "support/loops.h"

namespace nexus::executions {
namespace {

using budget::Need;

class AdmissionTest : public ::testing::Test {
 protected:
  testing::LoopUnderTest& loop() { return loops_[0]; }
  std::uint64_t granted() { return loops_.ledger().state().accounts.granted(); }

  // Each handler has its own image, and leaves an idle instance in the pool.
  Task<void> call_handlers(int count) {
    for (int n = 0; n < count; ++n) {
      const std::string id = fmt::format("p{}", n);
      co_await loops_.ask(0, http::Method::post, "/panels",
                          testing::definition_of(id, fmt::format("return {}", n)));
      const auto answer = co_await loops_.ask(0, http::Method::post, "/panels/" + id + "/trigger/t", "");
      EXPECT_EQ(answer.status, 200u) << answer.body;
    }
  }

  void run(Task<void> work) {
    loops_.spawn(0, std::move(work));
    loops_.run();
  }

  testing::Loops loops_{1};
  // No call waits in these tests.
  Admission admission_{
      loop().loop.get_executor(), loops_.clock(), loops_.ledger(), loop().pool, loop().cache, loop().probes,
      {.max_waiting = 0}};
};

TEST_F(AdmissionTest, AStartGetsTheMemoryOfIdleInstancesAndImages) {
  run([](auto& test) -> Task<void> {
    co_await test.call_handlers(3);
    {
      std::vector<pool::Lease> leases;  // more than minInstances
      for (int n = 0; n < 4; ++n)
        leases.push_back(*test.loop().pool.try_acquire());
    }
    const auto idle = test.loop().pool.stats().idle;
    const auto entries = test.loop().cache.stats().entries;
    EXPECT_GE(idle, 4u);
    // Giving up one instance suffices.
    test.loops_.ledger().set_limit(test.granted());
    auto room = co_await test.admission_.reserve(64_KiB, Need::kStart, 0);
    EXPECT_TRUE(room);
    EXPECT_EQ(test.loop().pool.stats().idle, idle - 1);
    EXPECT_EQ(test.loop().cache.stats().entries, entries);
    room = {};
    // Giving up all instances does not suffice, so unused images go too.
    test.loops_.ledger().set_limit(test.granted());
    const auto instances = test.loop().pool.stats().memory_bytes;
    EXPECT_FALSE(co_await test.admission_.reserve(instances, Need::kStart, 0)) << "one is kept";
    EXPECT_EQ(test.loop().pool.stats().idle, 1u);
    EXPECT_EQ(test.loop().cache.stats().entries, 0u);
    test.loops_.ledger().set_limit(budget::kUnlimited);
  }(*this));
}

TEST_F(AdmissionTest, RepeatedRejectionsDoNotEvictOtherImages) {
  run([](auto& test) -> Task<void> {
    co_await test.call_handlers(3);
    test.loops_.ledger().set_limit(test.granted() + 64_MiB);
    const auto refused = co_await test.admission_.reserve(1_GiB, Need::kGrowth, 0);
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
      EXPECT_EQ(refused.error().limit->wanted, 1_GiB);
      EXPECT_LT(refused.error().limit->free, 1_GiB);
      EXPECT_GE(refused.error().retry_after_ms, 1000);
    }
    EXPECT_EQ(test.loop().cache.stats().entries, 0u);
    const auto again = co_await test.loops_.ask(0, http::Method::post, "/panels/p1/trigger/t", "");
    EXPECT_EQ(again.status, 200u);
    for (int n = 0; n < 100; ++n)
      EXPECT_FALSE(co_await test.admission_.reserve(1_GiB, Need::kGrowth, 0));
    EXPECT_EQ(test.loop().cache.stats().entries, 1u);
    test.loops_.clock().advance_ms(200);
    EXPECT_FALSE(co_await test.admission_.reserve(1_GiB, Need::kGrowth, 0));
    EXPECT_EQ(test.loop().cache.stats().entries, 0u);
    test.loops_.ledger().set_limit(budget::kUnlimited);
  }(*this));
}

TEST_F(AdmissionTest, ARejectionGetsRetryAfterUnlessItHasOne) {
  for (int n = 0; n < 100; ++n)
    admission_.record_us(9'000'000);
  admission_.tick();
  const auto told = [this](Error error) { return loop().probes.refused(std::move(error)).retry_after_ms; };
  EXPECT_EQ(told({.code = ErrorCode::kOverloaded, .message = {}}), 9000);
  EXPECT_EQ(told({.code = ErrorCode::kOverloaded, .message = {}, .retry_after_ms = 2000}), 2000)
      << "it knows better";
  EXPECT_EQ(told({.code = ErrorCode::kNotFound, .message = {}}), std::nullopt);
}

}  // namespace
}  // namespace nexus::executions
