// Random events for PoolPolicy and its naive twin: every decision must be equal, and the invariants of policy.h must
// hold. NEXUS_FUZZ_STEPS and NEXUS_FUZZ_SEED set the length and the sequence.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "naive_policy.h"
#include "nexus/sandbox/pool/policy.h"
#include "support/steps.h"

namespace nexus::pool {
namespace {

// The life of one pool from start() to drained, with the caller's view of it.
class Life {
 public:
  explicit Life(std::uint64_t seed)
      : random_(seed), options_(some_options()), policy_(options_), twin_(options_) {
    agree(policy_.start(), twin_.start());
  }

  // False at the end or after a failure.
  bool step() {
    if (shut_down_ && below(4) == 0) now_ += 1;
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
        acquire(IfBusy::kWait);
        break;
      case 7:
        acquire(IfBusy::kRefuse);
        break;
      case 8:
      case 9:
      case 10:
      case 11:
      case 12:
      case 13:
        release();
        break;
      case 14:
      case 15:
      case 16:
        finish_creation();
        break;
      case 17:
        now_ += below(30);
        break;
      case 18:
        agree(policy_.tick(now_), twin_.tick(now_));
        if (below(10) == 0) {
          const std::size_t keep = below(4), most = below(4);
          agree(policy_.drop_idle(keep, most), twin_.drop_idle(keep, most));
        }
        break;
      default:
        if (below(100) == 0) {
          shut_down_ = true;
          agree(policy_.shutdown(), twin_.shutdown());
        }
    }
    check_promises();
    return !policy_.is_drained() && !::testing::Test::HasFailure();
  }

  bool is_over() const { return policy_.is_drained(); }
  bool everyone_was_answered() const {
    return open_.empty() && active_.empty() && creating_.empty() && idle_.empty();
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  PoolOptions some_options() {
    PoolOptions options;
    options.max_instances = static_cast<std::uint32_t>(1 + below(5));
    options.min_instances = static_cast<std::uint32_t>(below(options.max_instances + 1));
    options.max_queue = static_cast<std::uint32_t>(below(5));
    options.queue_timeout_ms = below(4) * 20;
    options.max_executions = 2 + below(20);
    options.max_idle_ms = below(60);
    failures_per_8_ = below(3) == 0 ? 6 : below(3);
    return options;
  }

  void acquire(IfBusy if_busy) {
    const CallerId caller = next_caller_++;
    open_.insert(caller);
    const std::uint64_t until_ms = now_ + below(options_.queue_timeout_ms + 1);
    agree(policy_.acquire(caller, if_busy, until_ms), twin_.acquire(caller, if_busy, until_ms));
  }

  void release() {
    if (active_.empty()) return;
    const auto at = std::next(active_.begin(), static_cast<std::ptrdiff_t>(below(active_.size())));
    const SlotId slot = at->first;
    const std::uint64_t executions = ++at->second;
    executions_[slot] = executions;
    std::optional<Retired> broken;
    if (below(10) == 0) broken = below(2) == 0 ? Retired::kTrap : Retired::kCancel;
    active_.erase(at);
    released_ = slot;
    agree(policy_.release(slot, executions, broken, now_), twin_.release(slot, executions, broken, now_));
    if (released_) idle_.insert(*std::exchange(released_, std::nullopt));
  }

  void finish_creation() {
    if (creating_.empty()) return;
    const auto at = std::next(creating_.begin(), static_cast<std::ptrdiff_t>(below(creating_.size())));
    const auto [slot, caller] = *at;
    creating_.erase(at);
    if (below(8) < failures_per_8_) {
      if (caller) open_.erase(*caller);
      agree(policy_.create_failed(slot), twin_.create_failed(slot));
      return;
    }
    executions_[slot] = 0;
    released_ = slot;
    agree(policy_.created(slot, now_), twin_.created(slot, now_));
    if (released_) idle_.insert(*std::exchange(released_, std::nullopt));
  }

  void agree(PoolPolicy::Decisions decided, const std::vector<Decision>& expected) {
    ASSERT_EQ(std::vector<Decision>(decided.begin(), decided.end()), expected);
    for (const Decision& decision : expected)
      std::visit([this](const auto& d) { carry_out(d); }, decision);
  }

  void carry_out(const Give& give) {
    EXPECT_FALSE(shut_down_);
    EXPECT_EQ(open_.erase(give.caller), 1u) << "answered twice, or never asked";
    EXPECT_TRUE(take(give.slot)) << "not there to be given";
    EXPECT_TRUE(active_.emplace(give.slot, executions_[give.slot]).second);
  }
  void carry_out(const Create& create) {
    EXPECT_FALSE(shut_down_);
    EXPECT_LT(create.slot, options_.max_instances);
    EXPECT_FALSE(active_.contains(create.slot) || idle_.contains(create.slot) || released_ == create.slot);
    EXPECT_TRUE(creating_.emplace(create.slot, create.caller).second);
    EXPECT_TRUE(!create.caller || open_.contains(*create.caller));
  }
  void carry_out(const Wait& wait) { EXPECT_TRUE(open_.contains(wait.caller)); }
  void carry_out(const Refuse& refuse) {
    EXPECT_EQ(open_.erase(refuse.caller), 1u) << "answered twice, or never asked";
  }
  void carry_out(const Drop& drop) { EXPECT_TRUE(take(drop.slot)) << "not there to be dropped"; }

  // Takes an idle instance, or the one that this event is about.
  bool take(SlotId slot) {
    if (released_ == slot) {
      released_.reset();
      return true;
    }
    return idle_.erase(slot) == 1;
  }

  void check_promises() {
    ASSERT_EQ(policy_.active(), active_.size());
    ASSERT_EQ(policy_.idle(), idle_.size());
    ASSERT_EQ(policy_.creating(), creating_.size());
    ASSERT_EQ(policy_.active(), twin_.active());
    ASSERT_EQ(policy_.idle(), twin_.idle());
    ASSERT_EQ(policy_.waiting(), twin_.waiting());
    ASSERT_EQ(policy_.is_drained(), twin_.is_drained());
    ASSERT_LE(policy_.active() + policy_.idle() + policy_.creating(), options_.max_instances);
    ASSERT_LE(policy_.waiting(), options_.max_queue);
    ASSERT_TRUE(policy_.waiting() == 0 || policy_.idle() == 0) << "waits beside an idle instance";
    ASSERT_TRUE(policy_.waiting() == 0 || policy_.active() + policy_.creating() > 0) << "waits for nothing";
    std::size_t being_served = 0;
    for (const auto& [slot, caller] : creating_)
      being_served += caller ? 1 : 0;
    ASSERT_EQ(open_.size(), policy_.waiting() + being_served) << "a caller was forgotten";
  }

  std::mt19937_64 random_;
  std::uint64_t failures_per_8_ = 0;
  PoolOptions options_;
  PoolPolicy policy_;
  NaivePolicy twin_;
  std::uint64_t now_ = 1000;
  CallerId next_caller_ = 1;
  bool shut_down_ = false;
  std::set<CallerId> open_;  // acquired and not yet answered
  std::map<SlotId, std::uint64_t> active_;
  std::map<SlotId, std::optional<CallerId>> creating_;
  std::set<SlotId> idle_;
  std::map<SlotId, std::uint64_t> executions_;
  std::optional<SlotId> released_;
};

TEST(PoolPolicyFuzz, AgreesWithNaiveTwin) {
  const std::uint64_t steps = testing::from_environment("NEXUS_FUZZ_STEPS", 2'000'000);
  std::uint64_t seed = testing::from_environment("NEXUS_FUZZ_SEED", 1);
  std::uint64_t done = 0;
  std::uint64_t lives = 0;
  while (done < steps) {
    Life life(seed);
    bool goes_on = true;
    while (goes_on && done < steps) {
      goes_on = life.step();
      ++done;
    }
    ASSERT_FALSE(HasFailure()) << "NEXUS_FUZZ_SEED=" << seed << ", step " << done;
    ASSERT_TRUE(!life.is_over() || life.everyone_was_answered()) << "NEXUS_FUZZ_SEED=" << seed;
    ++lives;
    ++seed;
  }
  EXPECT_GT(lives, steps / 20'000);
}

}  // namespace
}  // namespace nexus::pool
