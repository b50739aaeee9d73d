// The response to a client and the effect of its call must agree, whichever allocation fails: each one in turn is made
// to fail.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <exception>
#include <new>

#include "nexus/foundation/base/memory_reserve.h"
#include "support/loops.h"

namespace {

// Allocations of this thread that still succeed.
thread_local std::int64_t allocations_left = INT64_MAX;
thread_local bool all_later_fail = false;

bool fails() {
  if (allocations_left == INT64_MAX) return false;
  if (allocations_left > 0) {
    --allocations_left;
    return false;
  }
  if (!all_later_fail && allocations_left < 0) return false;
  allocations_left = -1;
  return true;
}

}  // namespace

void* operator new(std::size_t bytes) {
  void* made = fails() ? nullptr : std::malloc(bytes);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}
// The library's own version would call the operator above, a sanitizer's does not.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return fails() ? nullptr : std::malloc(bytes);
}
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, std::size_t) noexcept { std::free(made); }

namespace nexus::api {
namespace {

constexpr std::string_view kWaitingHandler = R"(
  $state.n = ($state.n ?? 0) + 1;
  $emit('has begun', {text: 'x'.repeat(300)});
  $log.info('a line that is too long to be kept in the string itself');
  const got = await $ext.external.wait({text: 'what somebody is asked for, at some length'});
  $state.got = [got, 'y'.repeat(300)];
  return 'z'.repeat(3000);
)";

enum class Later : bool { kSucceed, kFail };

class Failing {
 public:
  Failing(std::int64_t first, Later later) {
    all_later_fail = later == Later::kFail;
    allocations_left = first;
  }
  ~Failing() { allocations_left = INT64_MAX; }
  static bool has_failed() { return allocations_left < 0; }
};

constexpr std::string_view kHandler = R"(
  const n = ($state.n ?? 0) + 1;
  $state.n = n;
  $state['a rather long key ' + n] = 'x'.repeat(3000);
  delete $state['a rather long key ' + (n - 3)];
  $emit('counted', {n});
  $log.info('a line that is too long to be kept in the string itself');
  return 'y'.repeat(n % 2 ? 100 : 6000);
)";

class AllocationFailuresTest : public ::testing::TestWithParam<Later> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP()
        << "std::bad_alloc is thrown on the stack of an engine's fiber, which AddressSanitizer does not know";
#endif
  }

  std::string state() { return loops_[0].registry.find("p")->state().to_json(); }

  struct Served {
    bool is_thrown = false;   // there was no memory to serve the request
    bool has_failed = false;  // an allocation
  };
  // Serves a request as a connection does, while allocations fail.
  Task<Served> serve_failing(std::int64_t first, std::string target, std::string body,
                             http::Response& response) {
    http::Request request;
    request.method = http::Method::post;
    request.target = std::move(target);
    request.route = find_route(Api::table(), request.method, request.target);
    request.host = "127.0.0.1";
    request.prefer = "respond-async";
    request.body = std::move(body);
    EXPECT_FALSE(loops_[0].loop_router.refuse_head(request));
    Served served;
    const Failing failing(first, GetParam());
    try {
      if (auto waiting = loops_[0].loop_router.serve(request, response)) co_await *std::move(waiting);
    } catch (const std::bad_alloc&) {
      served.is_thrown = true;
    }
    served.has_failed = Failing::has_failed();
    co_return served;
  }

  // True when the response says that the call had its effect; decided as a connection does.
  Task<bool> call(std::int64_t first, bool& has_failed) {
    http::Response response;
    const Served served = co_await serve_failing(first, "/panels/p/trigger/t", "", response);
    has_failed = served.has_failed;
    const bool is_answered = !served.is_thrown || response.is_sealed();
    if (!is_answered || response.status() != 200) co_return false;
    if (response.is_sealed()) {
      const Failing failing(0, Later::kFail);
      response.serialise("Thu, 01 Jan 1970 00:00:00 GMT", 11, http::Response::Connection::kKeep,
                         http::Response::Body::kSent);
      EXPECT_FALSE(Failing::has_failed()) << "a sealed response needs no memory";
    }
    co_return response.body().find(R"("status":"success")") != std::string::npos;
  }

  Task<void> fail_each() {
    const auto made =
        co_await loops_.ask(0, http::Method::post, "/panels", testing::definition_of("p", kHandler));
    EXPECT_EQ(made.status, 201U) << made.body;
    bool has_failed = true;
    for (std::int64_t first = 0; has_failed && first < 10'000; ++first) {
      const std::string before = state();
      const auto version = loops_[0].registry.find("p")->version();
      const bool is_done = co_await call(first, has_failed);
      EXPECT_EQ(state() != before, is_done) << "allocation " << first;
      EXPECT_EQ(loops_[0].registry.find("p")->version(), version + (is_done ? 1 : 0))
          << "allocation " << first;
      bool ignored = false;
      EXPECT_TRUE(co_await call(INT64_MAX, ignored))
          << "no instance is left half prepared; allocation " << first;
      EXPECT_EQ(state().size(), loops_[0].registry.find("p")->state().bytes());
      (is_done ? done_ : undone_) += 1;
    }
    EXPECT_FALSE(has_failed) << "there is an end to them";
  }

  // A correct definition must never get a response that calls it wrong.
  Task<void> fail_making() {
    // simdjson's first choice of an implementation must succeed.
    co_await loops_.ask(0, http::Method::post, "/panels", testing::definition_of("first", kHandler));
    bool has_failed = true;
    for (std::int64_t first = 0; has_failed && first < 10'000; ++first) {
      const std::string id = fmt::format("m{}", first);
      http::Response response;
      const Served served =
          co_await serve_failing(first, "/panels", testing::definition_of(id, kHandler), response);
      has_failed = served.has_failed;
      (served.is_thrown ? undone_ : done_) += 1;
      if (served.is_thrown) continue;
      EXPECT_TRUE(response.status() == 201 || response.status() == 503)
          << response.status() << " " << response.body() << "; allocation " << first;
      co_await loops_.ask(0, http::Method::delete_, "/panels/" + id, "");
    }
    EXPECT_FALSE(has_failed) << "there is an end to them";
  }

  Task<testing::Loops::Response> ask(http::Method method, std::string target, std::string body = {}) {
    return loops_.ask(0, method, std::move(target), std::move(body), {.prefer = "respond-async"});
  }

  Task<testing::Loops::Response> wait_for(std::string execution) {
    return loops_.ask(0, http::Method::get, std::move(execution), "", {.prefer = "wait=60"});
  }

  // Every execution must have an owner: a suspended one can be resumed to its end, and an ended one has a result.
  Task<void> settle_all() {
    const auto& in_progress = loops_[0].probes.in_progress;
    for (int turns = 0; in_progress.queued + in_progress.running > 0 && turns < 100'000; ++turns)
      co_await asio::post(loops_[0].loop.get_executor(), kAwait);
    EXPECT_EQ(in_progress.queued + in_progress.running, 0u);
    loops_[0].shard.tick();
    for (;;) {
      const auto waiting = co_await ask(http::Method::get, "/suspensions?panel=w");
      const std::string id = testing::text_of(waiting.body, "suspensionId");
      if (id.empty()) break;
      const auto ended =
          co_await ask(http::Method::post, "/suspensions/" + id + "/resume", R"({"success":true,"value":1})");
      EXPECT_EQ(ended.status, 200u) << ended.body;
      if (ended.status != 200) break;
    }
    EXPECT_EQ(in_progress.suspended + in_progress.hibernated, 0u);
    const auto all = co_await ask(http::Method::get, "/executions?panel=w");
    EXPECT_EQ(all.body.find(R"("status":"running")"), std::string::npos) << all.body;
  }

  // Status of a process in which one allocation has failed.
  enum Ended : int { kDone, kUndone, kNothingFailed, kWrong, kTerminated };

  Task<Ended> fail_waiting_at(std::int64_t first) {
    const std::string path = "/panels/w/trigger/t";
    http::Response response;
    const Served served = co_await serve_failing(
        first, path, R"({"text":"one that does not fit into the string itself"})", response);
    co_await settle_all();
    EXPECT_EQ((co_await ask(http::Method::post, path)).status, 202u);
    co_await settle_all();
    co_return !served.has_failed ? kNothingFailed : served.is_thrown ? kUndone : kDone;
  }

  // Asio's co_spawn() starts the code after a wait, and ends the process when its few bytes cannot be allocated. In the
  // server they come from the memory reserve (foundation/base/memory_reserve.h), which this program lacks.
  Task<void> fail_waiting() {
    const std::string definition = testing::definition_of(
        "w", kWaitingHandler, R"("capabilities":["state:*","ext:external","events:*"],)");
    EXPECT_EQ((co_await ask(http::Method::post, "/panels", definition)).status, 201u);
    // Each in a process of its own: a failure after a commit may end it, but must not leave an execution without an owner.
    bool has_failed = true;
    for (std::int64_t first = 0; has_failed && first < 10'000 && !HasFailure(); ++first) {
      const pid_t child = fork();
      if (child == 0) {
        std::set_terminate([] { _exit(kTerminated); });
        const Ended ended = co_await fail_waiting_at(first);
        _exit(HasFailure() ? kWrong : ended);
      }
      int status = 0;
      EXPECT_EQ(waitpid(child, &status, 0), child);
      EXPECT_TRUE(WIFEXITED(status)) << "allocation " << first;
      const int ended = WEXITSTATUS(status);
      EXPECT_NE(ended, kWrong) << "allocation " << first;
      has_failed = ended != kNothingFailed;
      (ended == kUndone || ended == kTerminated ? undone_ : done_) += 1;
    }
    EXPECT_FALSE(has_failed) << "there is an end to them";
    co_await fail_waiting_at(INT64_MAX);
    EXPECT_EQ((co_await ask(http::Method::delete_, "/panels/w")).status, 204u);
    loops_.clock().advance_ms(600'000);  // longer than a result is kept
    loops_[0].shard.tick();
    for (int turns = 0; turns < 1000; ++turns)
      co_await asio::post(loops_[0].loop.get_executor(), kAwait);
    EXPECT_EQ(loops_.ledger().granted(budget::Kind::kSuspended), 0u);
    EXPECT_EQ(loops_.ledger().granted(budget::Kind::kBuffers), 0u);
  }

  // Only the first allocations, which come before Asio's.
  Task<void> fail_expiring() {
    const std::string definition = testing::definition_of(
        "w", kWaitingHandler, R"("capabilities":["state:*","ext:external","events:*"],)");
    EXPECT_EQ((co_await ask(http::Method::post, "/panels", definition)).status, 201u);
    for (std::int64_t first = 0; first < 3; ++first) {
      const auto waits = co_await ask(http::Method::post, "/panels/w/trigger/t");
      loops_.clock().advance_ms(301'000);
      {
        const Failing failing(first, GetParam());
        if_memory_lasts([&] { loops_[0].shard.tick(); });  // as the server calls it
        undone_ += Failing::has_failed() ? 1 : 0;
      }
      EXPECT_EQ(loops_[0].probes.in_progress.queued, 0u) << "nobody was told";
      loops_[0].shard.tick();
      const auto ended = co_await wait_for("/executions/" + testing::text_of(waits.body, "executionId"));
      EXPECT_EQ(testing::text_of(ended.body, "code"), "SUSPENSION_EXPIRED") << ended.body;
    }
  }

  testing::Loops loops_{1};
  int done_ = 0, undone_ = 0;
};

TEST_P(AllocationFailuresTest, ASuccessResponseMeansThatTheStateChanged) {
  loops_.spawn(0, fail_each());
  loops_.run();
  EXPECT_GT(undone_, 20);
  EXPECT_GT(done_, 0);
}

TEST_P(AllocationFailuresTest, ACorrectDefinitionIsNotRejectedAsWrong) {
  loops_.spawn(0, fail_making());
  loops_.run();
  EXPECT_GT(undone_, 20);
  EXPECT_GT(done_, 0);
}

TEST_P(AllocationFailuresTest, SuspendedExecutionsEnd) {
  loops_.spawn(0, fail_waiting());
  loops_.run();
  EXPECT_GT(undone_, 20);
  EXPECT_GT(done_, 0);
}

TEST_P(AllocationFailuresTest, AnExpiryWithoutMemoryHappensLater) {
  loops_.spawn(0, fail_expiring());
  loops_.run();
  EXPECT_EQ(undone_, 3);
}

INSTANTIATE_TEST_SUITE_P(One, AllocationFailuresTest, ::testing::Values(Later::kSucceed));
INSTANTIATE_TEST_SUITE_P(AllLater, AllocationFailuresTest, ::testing::Values(Later::kFail));

}  // namespace
}  // namespace nexus::api
