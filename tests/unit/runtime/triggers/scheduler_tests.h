// The fixture of the trigger tests: panels on a loop whose clock the test advances.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "nexus/foundation/json/json.h"
#include "nexus/runtime/loop/placement.h"
#include "nexus/runtime/triggers/scheduler.h"
#include "support/loops.h"

namespace nexus::triggers {

using metrics::TriggerProbe;
using ::testing::HasSubstr;

inline std::string tool(std::string_view name, std::string_view trigger, std::string_view handler,
                        std::string_view more = "") {
  std::string text = fmt::format(R"({{"name":"{}","trigger":{},{}"handler":)", name, trigger, more);
  append_json_string(text, handler);
  return text + '}';
}

inline std::string manual(std::string_view name, std::string_view handler) {
  return tool(name, R"({"type":"manual"})", handler);
}

// An id of a panel that loop `wanted` of two loops owns.
inline std::string on_loop(std::size_t wanted, std::string_view prefix) {
  for (int n = 0;; ++n) {
    std::string id = fmt::format("{}{}", prefix, n);
    if (owner_of(id, 2) == wanted) return id;
  }
}

// Creates or replaces a panel with these tools.
inline Task<testing::Loops::Response> put_panel(testing::Loops& loops, std::string id, std::string tools) {
  return loops.ask(0, http::Method::put, "/panels/" + id,
                   fmt::format(R"({{"kind":"k","tools":[{}]}})", tools));
}

class SchedulerTest : public ::testing::Test {
 public:
  Task<void> put(std::string id, std::string tools) {
    const auto answer = co_await put_panel(loops_, id, tools);
    EXPECT_LT(answer.status, 300u) << answer.body;
  }
  Task<std::string> call(std::string tool, std::string args = "{}", std::string panel = "p") {
    const auto answer =
        co_await loops_.ask(0, http::Method::post, fmt::format("/panels/{}/trigger/{}", panel, tool), args);
    EXPECT_LT(answer.status, 300u) << answer.body;
    co_return answer.body;
  }
  Task<std::string> get(std::string target) {
    const auto answer = co_await loops_.ask(0, http::Method::get, target, "");
    co_return answer.body;
  }
  Task<std::string> state(std::string panel = "p") { return get("/panels/" + panel + "/state"); }
  // The test's own time limit ends a wait in vain.
  Task<void> until_state(std::string expected, std::string panel = "p") {
    std::string now = co_await state(panel);
    while (now != expected) {
      co_await asio::post(loop().loop.get_executor(), kAwait);
      now = co_await state(panel);
    }
  }
  template <class Condition>
  Task<void> until(Condition condition) {
    while (!condition())
      co_await asio::post(loop().loop.get_executor(), kAwait);
  }
  void advance_ms(std::uint64_t ms) {
    loops_.clock().advance_ms(ms);
    loop().shard.scheduler().start_due();
  }
  std::uint64_t count(TriggerType type, TriggerProbe::Outcome outcome) {
    return loop().probes.triggers.counts[static_cast<std::size_t>(type)][static_cast<std::size_t>(outcome)];
  }
  void run(Task<void> test) {
    loops_.spawn(0, std::move(test));
    loops_.run();
  }
  testing::LoopUnderTest& loop() { return loops_[0]; }

  testing::Loops loops_{1};
};

using Came = TriggerProbe::Outcome;
inline constexpr const char* kHour = R"({"type":"interval","ms":3600000})";
inline constexpr const char* kMidnight = R"({"type":"cron","expression":"0 0 * * *"})";
inline constexpr std::uint64_t kHourMs = 3'600'000;

}  // namespace nexus::triggers
