#include "support/loops.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "nexus/foundation/json/json.h"

namespace nexus::testing {
namespace {

constexpr std::size_t kMemories = 64;

Capabilities all_capabilities() {
  const std::vector<std::string> patterns = {"state:*", "events:*", "view:*", "ext:*"};
  return *Capabilities::parse(patterns);
}

}  // namespace

LoopUnderTest::LoopUnderTest(api::LoopPeers& peers, std::size_t own, const shard::Shard::Shared& shared,
                             const Limits& limits)
    : shard(shared,
            {.image_cache_bytes = peers.apis.size() * 64_MiB,
             .pool = {.max_instances = static_cast<std::uint32_t>(peers.apis.size() * 16),
                      .min_instances = static_cast<std::uint32_t>(peers.apis.size())},
             .max_panel_queue = 1000,
             .ceiling = {limits, all_capabilities()}},
            peers.shards, own),
      api(shard, memory, {"1", "2", "3"}, {}),
      apis(peers.apis, own, {&shard.loop(), &api}),
      loop_router(apis) {
  shard.set_stage(shard::Stage::kServing);
}

Loops::Loops(std::size_t count, const Limits& limits, Simulation* simulation)
    : simulation_(simulation),
      owned_sandbox_(
          simulation != nullptr
              ? std::make_unique<Sandbox>(
                    simulation->clock(), [simulation] { return simulation->ends_slice(); }, kMemories)
              : std::make_unique<Sandbox>(memory::Tracking::kLearnHotPages, kMemories)),
      peers_(count),
      timer_(simulation != nullptr ? std::make_unique<extensions::Timer>(clock())
                                   : *extensions::Timer::create()) {
  for (std::size_t own = 0; own < count; ++own) {
    loops_.push_back(std::make_unique<LoopUnderTest>(
        peers_, own, shard::Shard::Shared{clock(), ledger(), sandbox_.runtime(), nullptr, extensions_},
        limits));
  }
  if (simulation == nullptr) return;
  simulation->add_source([this] { return timer_->settle_due(); });
  for (const auto& one : loops_)
    simulation->add(one->loop, [&shard = one->shard] { shard.tick(); });
}

Loops::~Loops() = default;

Task<Loops::Response> Loops::ask(std::size_t at, http::Method method, std::string target, std::string body) {
  return ask(at, method, std::move(target), std::move(body), {});
}

Task<Loops::Response> Loops::ask(std::size_t at, http::Method method, std::string target, std::string body,
                                 Headers headers) {
  http::Request request;
  if (!headers.idempotency_key.empty()) request.idempotency_key = std::move(headers.idempotency_key);
  request.prefer = std::move(headers.prefer);
  request.method = method;
  request.target = std::move(target);
  request.route = find_route(api::Api::table(), method, request.target);
  request.body = std::move(body);
  request.host = "127.0.0.1";
  http::Response response;
  auto& loop_router = loops_[at]->loop_router;
  if (const auto refusal = loop_router.refuse_head(request)) {
    response.refuse(*refusal);
  } else if (auto waiting = loop_router.serve(request, response)) {
    co_await *std::move(waiting);
  }
  co_return Response{response.status(), response.body()};
}

void Loops::spawn(std::size_t at, Task<void> work) {
  ++in_progress_;
  asio::co_spawn(loops_[at]->loop, std::move(work), [this](std::exception_ptr error) {
    must_not_throw(error);
    if (--in_progress_ > 0) return;
    for (const auto& one : loops_)
      one->loop.stop();
  });
}

void Loops::run() {
  if (simulation_ == nullptr) return run_threads();
  simulation_->run_until([this] { return in_progress_ == 0; });
}

void Loops::run_threads() {
  std::vector<std::jthread> threads;
  threads.reserve(loops_.size());
  for (const auto& one : loops_) {
    threads.emplace_back([&loop = one->loop] {
      const auto stays = asio::make_work_guard(loop);
      loop.restart();
      loop.run();
    });
  }
}

std::string definition_of(std::string_view id, std::string_view handler, std::string_view more) {
  std::string text = fmt::format(
      R"({{{}"id":"{}","kind":"k","initialState":{{"n":0}},"tools":[{{"name":"t","handler":)", more, id);
  append_json_string(text, handler);
  return text + R"(,"trigger":{"type":"manual"}}]})";
}

std::vector<std::string> texts_of(std::string_view json, std::string_view name) {
  const std::string start = fmt::format(R"("{}":")", name);
  std::vector<std::string> texts;
  for (auto at = json.find(start); at != std::string_view::npos; at = json.find(start, at)) {
    at += start.size();
    texts.emplace_back(json.substr(at, json.find('"', at) - at));
  }
  return texts;
}

std::string text_of(std::string_view json, std::string_view name) {
  const auto texts = texts_of(json, name);
  return texts.empty() ? std::string() : texts.front();
}

}  // namespace nexus::testing
