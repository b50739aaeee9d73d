// The process from start to end, without the process: all parts are real, and the signals come from the test.
#include "apps/nexus/server_lifecycle.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>

#include "apps/nexus/commands.h"
#include "apps/nexus/process_memory.h"
#include "apps/nexus/settings_mapping.h"
#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/system/kernel_file.h"

namespace nexus::app {
namespace {

using shard::Stage;

constexpr char kPanel[] =
    R"({"id":"p","kind":"k","tools":[{"name":"t","handler":"return 1","trigger":{"type":"manual"}}]})";

config::Settings settings() {
  config::Settings settings;
  settings.server.http_port = settings.server.ws_port = 0;
  settings.runtime.max_instances = 4;
  settings.runtime.min_instances = 1;
  return settings;
}

// A server of two loops.
class ServerUnderTest {
 public:
  explicit ServerUnderTest(const config::Settings& chosen = settings())
      : settings_(chosen),
        runtime_(*sandbox::Runtime::create(runtime_options_of(settings_.runtime), clock_, ledger_)),
        monitor_(ledger_, system::read_kernel_file, memory_monitor_options_of(settings_.runtime)),
        memory_(monitor_, ledger_, *runtime_, settings_.runtime, {}) {}

  ServingLoop& operator[](std::size_t loop) { return *loops_[loop]; }

  // Calls `script` on the first loop when the process is at `stage`, and runs the server to its end.
  int run(ServerLifecycle::Plan plan, Stage stage, std::move_only_function<void()> script) {
    at(stage, std::move(script));
    return ServerLifecycle(loops_, settings_.server, *runtime_, reclaimer_).run(std::move(plan));
  }
  int run(ServerLifecycle::Plan plan) {
    return ServerLifecycle(loops_, settings_.server, *runtime_, reclaimer_).run(std::move(plan));
  }

  // REQUIRES: on the first loop, or before it runs.
  void at(Stage stage, std::move_only_function<void()> script) {
    asio::co_spawn(loops_.front()->loop().get_executor(), wait_for(stage, std::move(script)), must_not_throw);
  }

 private:
  static constexpr std::size_t kLoops = 2;

  std::vector<std::unique_ptr<ServingLoop>> make_loops() {
    std::vector<std::unique_ptr<ServingLoop>> loops;
    for (std::size_t own = 0; own < kLoops; ++own)
      loops.push_back(std::make_unique<ServingLoop>(
          shard::Shard::Shared{clock_, ledger_, *runtime_, nullptr, {}}, memory_, settings_, peers_, own));
    return loops;
  }

  Task<void> wait_for(Stage stage, std::move_only_function<void()> script) {
    while (loops_.front()->shard().stage() != stage) {
      Timer pause(loops_.front()->loop().get_executor(), std::chrono::milliseconds(1));
      co_await pause.async_wait(kAwaitTuple);
    }
    script();
  }

  config::Settings settings_;
  SystemClock clock_;
  budget::BoundedLedger ledger_;
  std::unique_ptr<sandbox::Runtime> runtime_;
  budget::MemoryMonitor monitor_;
  ProcessMemory memory_;
  ExitRecord record_{"", clock_};
  api::LoopPeers peers_{kLoops};
  std::vector<std::unique_ptr<ServingLoop>> loops_ = make_loops();
  system::PressureWatch watch_{{}};
  Reclaimer reclaimer_{loops_, monitor_, watch_, ledger_, clock_, record_};
};

void signal(int number) { ::kill(getpid(), number); }

ServerLifecycle::Plan plan(std::string json = kPanel) {
  ServerLifecycle::Plan plan;
  plan.panels.push_back({"test.json", std::move(json), {}});
  plan.reload = [] {};
  return plan;
}

TEST(ServerLifecycle, CreatesItsPanelsBeforeItServesAndEndsBySignal) {
  ServerUnderTest server;
  EXPECT_EQ(server.run(plan(), Stage::kServing, [] { signal(SIGTERM); }), 0);
  EXPECT_EQ(server[0].shard().registry().size() + server[1].shard().registry().size(), 1U);
}

TEST(ServerLifecycle, TakesWorkForTheShutdownDelay) {
  auto chosen = settings();
  chosen.server.shutdown_delay_ms = 20;
  ServerUnderTest server(chosen);
  bool was_leaving = false;
  server.at(Stage::kLeaving, [&] { was_leaving = true; });
  EXPECT_EQ(server.run(plan(), Stage::kServing, [] { signal(SIGINT); }), 0);
  EXPECT_TRUE(was_leaving);
}

TEST(ServerLifecycle, APanelThatIsRejectedEndsTheStart) {
  const auto serve = [] {
    ServerUnderTest server;
    std::_Exit(server.run(plan(R"({"id":"p"})")));
  };
  EXPECT_EXIT(serve(), ::testing::ExitedWithCode(kAskedWrongly), "test.json: kind is missing");
}

TEST(ServerLifecycle, APortThatIsTakenEndsTheStart) {
  asio::io_context loop;
  const Acceptor taken(loop, {asio::ip::address_v4::loopback(), 0});
  auto chosen = settings();
  chosen.server.ws_port = taken.local_endpoint().port();
  ServerUnderTest server(chosen);
  EXPECT_EQ(server.run(plan()), kFailed);
}

TEST(ServerLifecycle, AHangupReloads) {
  ServerUnderTest server;
  auto reloading = plan();
  int reloads = 0;
  reloading.reload = [&] { signal(++reloads == 1 ? SIGHUP : SIGTERM); };
  EXPECT_EQ(server.run(std::move(reloading), Stage::kServing, [] { signal(SIGHUP); }), 0);
  EXPECT_EQ(reloads, 2);
}

TEST(ServerLifecycle, ASecondSignalEndsTheProcessAtOnce) {
  const auto serve = [] {
    auto chosen = settings();
    chosen.server.shutdown_delay_ms = 600'000;
    ServerUnderTest server(chosen);
    server.at(Stage::kLeaving, [] { signal(SIGTERM); });
    std::_Exit(server.run(plan(), Stage::kServing, [] { signal(SIGTERM); }));
  };
  EXPECT_EXIT(serve(), ::testing::ExitedWithCode(128 + SIGTERM), "");
}

}  // namespace
}  // namespace nexus::app
