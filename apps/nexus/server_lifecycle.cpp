#include "server_lifecycle.h"

#include <fmt/format.h>
#include <pthread.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <system_error>
#include <thread>

#include "commands.h"
#include "nexus/foundation/model/definition_ids.h"
#include "nexus/runtime/loop/placement.h"
#include "settings_mapping.h"

namespace nexus::app {
namespace {

namespace asio = boost::asio;

void print_demo(const std::string& url) {
  fmt::print(
      "\nThe panel \"demo\" counts: {0}/panels/demo. Make one, call its tool, read its state:\n\n"
      R"(curl -s {0}/panels -d '{{"id":"sums","kind":"demo","tools":[{{"name":"add","trigger":{{"type":"manual"}},"handler":"$state.sum = ($state.sum ?? 0) + $args.n; return $state.sum"}}]}}')"
      "\n"
      R"(curl -s {0}/panels/sums/trigger/add -d '{{"n":5}}')"
      "\ncurl -s {0}/panels/sums/state\n",
      url);
}

std::vector<http::Server*> servers_of(std::span<const std::unique_ptr<ServingLoop>> loops) {
  std::vector<http::Server*> servers;
  for (const auto& one : loops)
    servers.push_back(&one->server());
  return servers;
}

// Starts a thread that runs the loop. It returns once the thread is able to run handlers, or with the reason why it is
// not.
Result<std::jthread> start_thread(asio::io_context& loop, sandbox::Runtime& runtime) try {
  std::promise<Result<void>> promise;
  auto prepared = promise.get_future();
  std::jthread thread([&loop, &runtime, promise = std::move(promise)]() mutable {
    auto ready = runtime.prepare_thread();
    const bool is_ready = ready.has_value();
    promise.set_value(std::move(ready));
    if (is_ready) loop.run();
  });
  if (auto ready = prepared.get(); !ready) return std::unexpected(std::move(ready).error());
  return thread;
} catch (const std::system_error& error) {
  return fail(ErrorCode::kInternalError, fmt::format("{} (see `ulimit -v` and `ulimit -u`)", error.what()));
}

// Starts the threads of all loops but the first, which runs on the main thread.
Result<std::vector<std::jthread>> start_threads(std::span<const std::unique_ptr<ServingLoop>> loops,
                                                sandbox::Runtime& runtime) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < loops.size(); ++i) {
    auto thread = start_thread(loops[i]->loop(), runtime);
    if (!thread) {
      for (const auto& one : loops)
        one->loop().stop();
      return fail(ErrorCode::kInternalError, fmt::format("cannot start thread {} of {}: {}; or lower THREADS",
                                                         i + 1, loops.size(), thread.error().message));
    }
    pthread_setname_np(thread->native_handle(), fmt::format("nexus-loop-{}", i).c_str());
    threads.push_back(*std::move(thread));
  }
  return threads;
}

}  // namespace

ServerLifecycle::ServerLifecycle(std::span<const std::unique_ptr<ServingLoop>> loops,
                                 const config::ServerConfig& settings, sandbox::Runtime& runtime,
                                 Reclaimer& reclaimer)
    : loops_(loops),
      settings_(settings),
      runtime_(runtime),
      reclaimer_(reclaimer),
      listener_(loop().get_executor(), servers_of(loops), listener_options_of(settings)),
      ws_listener_(loop().get_executor(), servers_of(loops), ws_listener_options_of(settings)),
      signals_(loop(), SIGINT, SIGTERM),
      hangups_(loop(), SIGHUP),
      delay_(loop()) {}

int ServerLifecycle::run(Plan plan) {
  on_all([](ServingLoop& one) { one.server().start(); });
  wait_for_signal();
  wait_for_hangup(plan.reload);
  reclaimer_.start();
  asio::co_spawn(loop().get_executor(), start(std::move(plan)), must_not_throw);
  {
    const auto threads = start_threads(loops_, runtime_);
    if (threads) {
      loop().run();
    } else {
      fmt::print(stderr, "nexus: {}\n", threads.error().message);
      status_ = kFailed;
    }
  }
  bool is_at_rest = !is_starting_;
  for (const auto& one : loops_)
    is_at_rest = is_at_rest && one->server().connections() == 0;
  if (!is_at_rest) {
    // Loops still work for one another, and no order of destruction would be right for both.
    reclaimer_.say_goodbye();
    std::fflush(nullptr);
    std::_Exit(status_);
  }
  return status_;
}

// Work that is posted before a loop runs is the first that it does.
void ServerLifecycle::on_all(void (*act)(ServingLoop& one)) {
  for (const auto& one : loops_)
    asio::post(one->loop(), [act, &one = *one] { act(one); });
}

Task<void> ServerLifecycle::start(Plan plan) {
  for (const PanelFile& file : plan.panels) {
    const bool created = co_await create(file);
    if (is_leaving_) co_return;
    if (!created) co_return stop(kAskedWrongly);
  }
  is_starting_ = false;
  if (is_leaving_) co_return;
  for (http::Listener* listener : {&listener_, &ws_listener_}) {
    const auto listening = listener->listen();
    if (listening) continue;
    fmt::print(stderr, "nexus: {}\n", listening.error().message);
    co_return stop(kFailed);
  }
  on_all([](ServingLoop& one) { one.shard().set_stage(shard::Stage::kServing); });
  fmt::print("listening on {}\nlistening on {}\n", listener_.url(), ws_listener_.url());
  if (plan.shows_demo) print_demo(listener_.url());
  std::fflush(stdout);
}

// Creates the panel on the loop that owns it. False: it was rejected, and the reason was printed.
Task<bool> ServerLifecycle::create(const PanelFile& file) {
  using Created = std::expected<std::shared_ptr<panels::Panel>, ErrorResponse>;
  const std::string id = id_in_definition(file.json);
  ServingLoop& owner = *loops_[id.empty() ? 0 : owner_of(id, loops_.size())];
  const auto panel = co_await callback<Created>(loop().get_executor(), [&](auto done) {
    asio::post(owner.loop(), [&owner, &file, done = std::move(done)]() mutable {
      asio::co_spawn(owner.loop().get_executor(),
                     owner.shard().panels().create(file.json, Principal::anyone(), file.handlers),
                     [done = std::move(done)](std::exception_ptr error, Created created) mutable {
                       must_not_throw(error);
                       done(std::move(created));
                     });
    });
  });
  if (panel) co_return true;
  fmt::print(stderr, "nexus: {}: {}\n{}\n", file.path, panel.error().error.message,
             panel.error().details_json);
  co_return false;
}

void ServerLifecycle::wait_for_signal() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    if (std::exchange(is_leaving_, true)) {
      reclaimer_.say_goodbye();
      std::_Exit(128 + signal);
    }
    spdlog::info("shutting down: running calls may finish; a second signal ends the process at once");
    wait_for_signal();
    leave();
  });
}

void ServerLifecycle::wait_for_hangup(std::function<void()> reload) {
  hangups_.async_wait([this, reload = std::move(reload)](const boost::system::error_code& error, int) {
    if (error) return;
    reload();
    wait_for_hangup(reload);
  });
}

void ServerLifecycle::leave() {
  if (settings_.shutdown_delay_ms == 0 || is_starting_) return drain();
  on_all([](ServingLoop& one) { one.shard().set_stage(shard::Stage::kLeaving); });
  delay_.expires_after(std::chrono::milliseconds(settings_.shutdown_delay_ms));
  delay_.async_wait([this](const boost::system::error_code&) { drain(); });
}

void ServerLifecycle::drain() {
  listener_.close();
  ws_listener_.close();
  undrained_ = loops_.size();
  for (const auto& one : loops_) {
    asio::post(one->loop(), [this, &one = *one] {
      one.server().drain([this] {
        asio::post(loop(), [this] {
          if (--undrained_ == 0) stop(0);
        });
      });
    });
  }
}

void ServerLifecycle::stop(int status) {
  status_ = status;
  reclaimer_.stop();
  for (const auto& one : loops_)
    one->loop().stop();
}

}  // namespace nexus::app
