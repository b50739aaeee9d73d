// Random interleavings of client requests, compared with a model of a few numbers: the state of each panel after each
// round, and the executions that must be suspended. All requests of a round run at once, but at most one per execution,
// so that sums do not depend on the order. With two loops half of the requests go to the loop that does not own the
// panel.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <map>
#include <random>

#include "support/loops.h"
#include "support/steps.h"

namespace nexus::api {
namespace {

constexpr std::size_t kPanels = 5;
constexpr std::uint64_t kTtlMs = 300'000;  // SUSPENSION_TTL_MS

// Each suspension adds the value of its answer; memory from before a suspension must be intact afterwards.
constexpr const char* kHandler = R"(
  $state.n += $args.by;
  const kept = new Uint8Array($args.bytes).fill($args.by);
  for (let i = 0; i < $args.waits; i++) {
    const by = await $ext.external.wait();
    if ([0, kept.length >> 1, kept.length - 1].some((at) => kept[at] !== $args.by)) throw new Error('memory');
    $state.n += by;
  }
  if ($args.spins) for (;;) Date.now();
  if ($args.fails) { $state.n += 1000000; throw new Error('lost'); }
  return $state.n)";

struct Waiting {
  std::size_t panel = 0;
  std::string execution, suspension;
  int waits = 0;  // with the present one
  bool fails = false;
  bool is_taken = false;  // a request of this round uses it
};

class Model {
 public:
  Model(testing::Loops& loops, unsigned seed) : loops_(loops), random_(seed) {}

  Task<void> run(std::size_t steps) {
    for (std::size_t panel = 0; panel < kPanels; ++panel)
      co_await create(panel);
    while (steps_ < steps && !::testing::Test::HasFailure())
      co_await round();
    for (std::size_t panel = 0; panel < kPanels; ++panel)
      co_await remove(panel);
  }
  std::map<std::string, int> seen;  // how often each kind of request was sent

 private:
  int up_to(int most) { return static_cast<int>(random_() % static_cast<unsigned>(most + 1)); }
  bool once_in(unsigned n) { return random_() % n == 0; }
  testing::LoopUnderTest& loop() { return loops_[0]; }
  static std::string id_of(std::size_t panel) { return fmt::format("p{}", panel); }

  Task<testing::Loops::Response> ask(http::Method method, std::string target, std::string body = "") {
    return loops_.ask(0, method, target, body, {.prefer = "respond-async"});
  }

  // Starts `work`; the round waits for all of its work.
  void begin(Task<void> work) {
    ++steps_;
    ++in_progress_;
    asio::co_spawn(loop().loop, std::move(work), [this](std::exception_ptr error) {
      must_not_throw(error);
      --in_progress_;
    });
  }

  Task<void> round() {
    std::vector<std::size_t> deleted;
    if (once_in(50)) deleted.push_back(random_() % kPanels);
    const bool are_deleted_first = once_in(2);
    if (are_deleted_first) begin_removal(deleted);
    for (int n = up_to(12); n >= 0; --n) {
      const std::size_t panel = random_() % kPanels;
      if (std::ranges::find(deleted, panel) != deleted.end()) continue;
      if (once_in(3) || waiting_.empty()) {
        begin(call(panel));
        continue;
      }
      auto one = std::next(waiting_.begin(), up_to(static_cast<int>(waiting_.size()) - 1));
      if (one->second.is_taken || one->second.waits == 0) continue;
      one->second.is_taken = true;
      const bool is_cancelled = once_in(12);
      if (std::ranges::find(deleted, one->second.panel) != deleted.end()) {
        begin(is_cancelled ? cancel_in_vain(one->second) : resume_in_vain(one->second));
      } else {
        begin(is_cancelled ? cancel(one->second) : resume(one->second));
      }
    }
    if (!are_deleted_first) begin_removal(deleted);
    while (in_progress_ > 0)
      co_await asio::post(loop().loop.get_executor(), kAwait);
    for (const std::size_t panel : deleted)
      co_await create(panel);
    std::erase_if(waiting_, [](const auto& one) { return one.second.waits == 0; });
    for (auto& [execution, one] : waiting_)
      one.is_taken = false;
    if (once_in(20)) co_await hibernate();
    if (once_in(400)) co_await expire();
    co_await compare();
  }

  void begin_removal(const std::vector<std::size_t>& deleted) {
    for (const std::size_t panel : deleted) {
      begin(call_in_vain(panel));
      begin(remove(panel));
    }
  }

  Task<void> create(std::size_t panel) {
    const std::string definition = testing::definition_of(
        id_of(panel), kHandler, R"("capabilities":["state:*","ext:external"],"limits":{"timeoutMs":100},)");
    const auto response = co_await ask(http::Method::post, "/panels", definition);
    EXPECT_EQ(response.status, 201u) << response.body;
    n_[panel] = 0;
  }

  // Removes the panel with all its suspended executions.
  Task<void> remove(std::size_t panel) {
    ++seen["remove"];
    const auto response = co_await ask(http::Method::delete_, "/panels/" + id_of(panel));
    EXPECT_EQ(response.status, 204u) << response.body;
    for (auto& [execution, one] : waiting_) {
      if (one.panel == panel) one.waits = 0;
    }
  }

  Task<void> call(std::size_t panel) {
    const int by = 1 + up_to(100), waits = up_to(4);
    const bool fails = once_in(8), spins = once_in(400);
    const bool grows = once_in(10);
    const int bytes = 1 + (grows ? 300'000 + up_to(1 << 20) : up_to(2000));
    seen["grow"] += grows && waits > 0 ? 1 : 0;
    seen["time out"] += spins && waits == 0 ? 1 : 0;
    const auto response =
        co_await ask(http::Method::post, fmt::format("/panels/{}/trigger/t", id_of(panel)),
                     fmt::format(R"({{"by":{},"waits":{},"bytes":{},"fails":{},"spins":{}}})", by, waits,
                                 bytes, fails, spins && waits == 0));
    ++seen["call"];
    if (waits > 0) {
      n_[panel] += by;
      keep(response, {panel, {}, {}, waits, fails});
    } else {
      ended(response, panel, by, fails || spins);
    }
  }

  // The same round removes the panel: the call runs, is cancelled, or finds no panel.
  Task<void> call_in_vain(std::size_t panel) {
    ++seen["call in vain"];
    const auto response = co_await ask(http::Method::post, fmt::format("/panels/{}/trigger/t", id_of(panel)),
                                       R"({"by":1,"waits":1,"bytes":1})");
    EXPECT_TRUE(response.status == 404 || response.status == 200 || response.status == 202) << response.body;
  }

  // The same round removes the panel: the execution is cancelled, or was resumed before.
  Task<void> resume_in_vain(const Waiting& one) {
    ++seen["resume in vain"];
    const std::string target = "/suspensions/" + one.suspension + "/resume";
    const auto response = co_await ask(http::Method::post, target, R"({"success":true,"value":1})");
    EXPECT_TRUE(response.status == 404 || response.status == 200 || response.status == 202) << response.body;
    const auto again = co_await ask(http::Method::post, target, R"({"success":true})");
    EXPECT_EQ(again.status, 404u) << again.body;
  }

  Task<void> cancel_in_vain(const Waiting& one) {
    ++seen["cancel in vain"];
    const auto response = co_await ask(http::Method::delete_, "/executions/" + one.execution);
    EXPECT_TRUE(response.status == 204 || response.status == 404) << response.body;
  }

  Task<void> resume(Waiting& one) {
    const int by = 1 + up_to(100);
    const bool is_refused = once_in(10);
    const std::string target = "/suspensions/" + one.suspension + "/resume";
    std::string body = R"({"success":false,"error":"no"})";
    if (!is_refused) body = fmt::format(R"({{"success":true,"value":{}}})", by);
    const auto response = co_await ask(http::Method::post, target, body);
    const auto again = co_await ask(http::Method::post, target, R"({"success":true})");
    EXPECT_EQ(again.status, 404u) << "a second response: " << again.body;
    ++seen[is_refused ? "refuse" : "resume"];
    const Waiting was = one;
    one.waits = 0;
    if (!is_refused && was.waits > 1) {
      n_[was.panel] += by;
      keep(response, {was.panel, was.execution, {}, was.waits - 1, was.fails});
    } else {
      ended(response, was.panel, by, is_refused || was.fails);
    }
  }

  Task<void> cancel(Waiting& one) {
    ++seen["cancel"];
    const auto response = co_await ask(http::Method::delete_, "/executions/" + one.execution);
    EXPECT_EQ(response.status, 204u) << response.body;
    const auto result = co_await ask(http::Method::get, "/executions/" + one.execution);
    EXPECT_NE(result.body.find("CANCELLED"), std::string::npos) << result.body;
    one.waits = 0;
  }

  void keep(const testing::Loops::Response& response, Waiting one) {
    EXPECT_EQ(response.status, 202u) << response.body;
    one.execution = testing::text_of(response.body, "executionId");
    one.suspension = testing::text_of(response.body, "suspension");
    const std::string execution = one.execution;
    waiting_.insert_or_assign(execution, std::move(one));
  }

  // When a handler fails, the changes of its last segment are lost.
  void ended(const testing::Loops::Response& response, std::size_t panel, int by, bool fails) {
    EXPECT_EQ(response.status, 200u) << response.body;
    EXPECT_EQ(response.body.find(R"("status":"error")") != std::string::npos, fails) << response.body;
    EXPECT_EQ(response.body.find(R"("message":"Error: memory)"), std::string::npos) << response.body;
    if (!fails) n_[panel] += by;
  }

  Task<void> tick(std::size_t at) {
    loops_[at].shard.tick();
    co_return;
  }
  Task<void> tick_all() {
    for (std::size_t at = 0; at < loops_.size(); ++at)
      co_await asio::co_spawn(loops_[at].loop, tick(at), kAwait);
  }
  Task<metrics::InProgress> in_progress(std::size_t at) { co_return loops_[at].probes.in_progress; }
  // Returns the numbers of {suspended, ended} executions.
  Task<std::pair<std::size_t, std::size_t>> count_all() {
    std::size_t waiting = 0, others = 0;
    for (std::size_t at = 0; at < loops_.size(); ++at) {
      const auto counts = co_await asio::co_spawn(loops_[at].loop, in_progress(at), kAwait);
      waiting += counts.suspended + counts.hibernated;
      others += counts.running + counts.queued;
    }
    co_return std::pair(waiting, others);
  }

  Task<void> hibernate() {
    ++seen["hibernate"];
    loops_.clock().advance_ms(200);
    co_await tick_all();
  }

  // All suspended executions expire and end.
  Task<void> expire() {
    ++seen["expire"];
    loops_.clock().advance_ms(kTtlMs);
    co_await tick_all();
    for (bool is_any_left = true; is_any_left;) {
      co_await asio::post(loop().loop.get_executor(), kAwait);
      const auto [waiting, others] = co_await count_all();
      is_any_left = waiting + others > 0;
    }
    for (const auto& [execution, one] : waiting_) {
      const auto result = co_await ask(http::Method::get, "/executions/" + execution);
      EXPECT_TRUE(result.status == 404 || result.body.find("SUSPENSION_EXPIRED") != std::string::npos)
          << result.body;
    }
    waiting_.clear();
  }

  Task<void> compare() {
    for (std::size_t panel = 0; panel < kPanels; ++panel) {
      const auto state = co_await ask(http::Method::get, fmt::format("/panels/{}/state", id_of(panel)));
      EXPECT_EQ(state.body, fmt::format(R"({{"n":{}}})", n_[panel]));
    }
    const auto counts = co_await count_all();
    EXPECT_EQ(counts.first, waiting_.size());
  }

  testing::Loops& loops_;
  std::mt19937 random_;
  std::map<std::string, Waiting> waiting_;  // by execution
  std::array<long, kPanels> n_{};
  std::size_t steps_ = 0, in_progress_ = 0;
};

// A long run must have done each of them.
constexpr auto kThings =
    std::to_array<const char*>({"call", "call in vain", "resume", "resume in vain", "refuse", "cancel",
                                "cancel in vain", "remove", "hibernate", "expire", "grow", "time out"});

class ModelTest : public ::testing::TestWithParam<std::size_t> {};

// NEXUS_SEED repeats a run, NEXUS_STEPS makes it longer.
TEST_P(ModelTest, ConcurrentRequestsAgreeWithTheModel) {
  const auto seed = static_cast<unsigned>(testing::from_environment("NEXUS_SEED", std::random_device()()));
  const std::size_t steps = testing::from_environment("NEXUS_STEPS", 100'000);
  fmt::print("NEXUS_SEED={}\n", seed);
  testing::Loops loops(GetParam());
  Model model(loops, seed);
  loops.spawn(0, model.run(steps));
  loops.run();
  for (const char* done : kThings)
    EXPECT_GT(model.seen[done], 0) << done;
  // Until now the results of executions cancelled with their panel were kept.
  loops.clock().advance_ms(kTtlMs);
  for (std::size_t at = 0; at < loops.size(); ++at)
    loops[at].shard.tick();
  EXPECT_EQ(loops.ledger().granted(budget::Kind::kSuspended), 0u);
  EXPECT_EQ(loops.ledger().granted(budget::Kind::kBuffers), 0u);
}

struct Simulated {
  std::uint64_t trace = 0;
  std::map<std::string, int> seen{};
};

// On one loop for even seeds, on two for odd ones.
Simulated simulate(std::uint64_t seed, std::size_t steps) {
  testing::Simulation simulation(seed);
  testing::Loops loops(1 + seed % 2, simulation);
  Model model(loops, static_cast<unsigned>(seed));
  loops.spawn(0, model.run(steps));
  loops.run();
  return {simulation.trace(), model.seen};
}

TEST(ModelSimulation, TheSameSeedReplaysTheSameRun) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const std::uint64_t first = simulate(seed, 300).trace;
    EXPECT_EQ(simulate(seed, 300).trace, first) << "seed " << seed;
    EXPECT_NE(simulate(seed + 10, 300).trace, first) << "seed " << seed;
  }
}

// NEXUS_SEED: the first seed; NEXUS_SEEDS: how many. A failure names its seed, and NEXUS_SEED=that NEXUS_SEEDS=1 replays it.
TEST(ModelSimulation, ManySeedsAgreeWithTheModel) {
  const std::uint64_t first = testing::from_environment("NEXUS_SEED", 1);
  const std::uint64_t count = testing::from_environment("NEXUS_SEEDS", 1000);
  const std::size_t steps = testing::from_environment("NEXUS_STEPS", 100);
  std::map<std::string, int> seen;
  for (std::uint64_t seed = first; seed < first + count && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("NEXUS_SEED={}", seed));
    for (const auto& [what, times] : simulate(seed, steps).seen)
      seen[what] += times;
  }
  if (count < 1000) return;
  for (const char* done : kThings)
    EXPECT_GT(seen[done], 0) << done;
}

INSTANTIATE_TEST_SUITE_P(Model, ModelTest, ::testing::Values(std::size_t{1}, std::size_t{2}),
                         [](const auto& loops) { return loops.param == 1 ? "OneLoop" : "TwoLoops"; });

}  // namespace
}  // namespace nexus::api
