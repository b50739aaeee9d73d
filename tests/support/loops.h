// Several event loops as the program has them, but without the port: requests are objects.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "nexus/front/api/api.h"
#include "nexus/front/api/loop_router.h"
#include "nexus/runtime/extensions/external.h"
#include "nexus/runtime/extensions/timer.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/shard/shard.h"
#include "support/sandbox.h"
#include "support/simulation.h"

namespace nexus::testing {

// Memory figures that a test sets.
struct FakeMemory : exposition::MemorySource {
  exposition::MemoryFacts facts;
  exposition::MemoryFacts look() const override { return facts; }
};

// One loop. Thread safety: used on the thread that runs it.
struct LoopUnderTest {
  LoopUnderTest(api::LoopPeers& peers, std::size_t own, const shard::Shard::Shared& shared,
                const Limits& limits);

  FakeMemory memory;
  shard::Shard shard;
  api::Api api;
  LoopGroup<api::Api> apis;
  api::LoopRouter loop_router;
  // Shorthands for parts of the shard.
  handlers::HandlerCache& cache = shard.cache();
  pool::InstancePool& pool = shard.pool();
  const panels::Registry& registry = shard.registry();
  metrics::Probes& probes = shard.probes();
  asio::io_context& loop = shard.loop();
};

class Loops {
 public:
  explicit Loops(std::size_t count, const Limits& limits = {}) : Loops(count, limits, nullptr) {}
  // On one thread, in simulated time. `simulation` must outlive it.
  Loops(std::size_t count, Simulation& simulation) : Loops(count, {}, &simulation) {}
  ~Loops();

  std::size_t size() const { return loops_.size(); }
  BoundedLedger& ledger() { return sandbox_.ledger(); }
  AdvancedClock& clock() { return sandbox_.clock(); }
  const extensions::Timer& timer() const { return *timer_; }
  LoopUnderTest& operator[](std::size_t index) { return *loops_[index]; }

  // Sends a request to loop `at`, as its connection would; returns the status and body of the response.
  struct Response {
    unsigned status;
    std::string body;
  };
  Task<Response> ask(std::size_t at, http::Method method, std::string target, std::string body);
  struct Headers {
    std::string idempotency_key{}, prefer{};  // empty: no header
  };
  Task<Response> ask(std::size_t at, http::Method method, std::string target, std::string body,
                     Headers headers);

  // Starts `work` on loop `at`; it runs within run().
  void spawn(std::size_t at, Task<void> work);
  // Runs all loops, each on a thread of its own or in the simulation, until all work of spawn() has ended.
  void run();

 private:
  Loops(std::size_t count, const Limits& limits, Simulation* simulation);
  void run_threads();

  Simulation* const simulation_;
  const std::unique_ptr<Sandbox> owned_sandbox_;
  Sandbox& sandbox_ = *owned_sandbox_;
  extensions::External external_;
  api::LoopPeers peers_;
  std::vector<std::unique_ptr<LoopUnderTest>> loops_;
  // Destroyed before the loops, to which its thread posts settlements.
  const std::unique_ptr<extensions::Timer> timer_;
  const std::array<extensions::Extension*, 2> extensions_{&external_, timer_.get()};
  std::atomic<int> in_progress_{0};
};

// The definition of a panel with one tool. `more`: further members, each followed by a comma.
std::string definition_of(std::string_view id, std::string_view handler, std::string_view more = {});

// The values of all string members with this name in a JSON text, found by plain search, without unescaping.
std::vector<std::string> texts_of(std::string_view json, std::string_view name);
// The first of these values; empty: there is none.
std::string text_of(std::string_view json, std::string_view name);

}  // namespace nexus::testing
