// Measures the sandbox in process: one call, its parts, and special handlers. Each figure with a target has its
// baseline in the same run; bench/report compares them.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/sandbox/execution/extension_table.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/cache_folder.h"
#include "nexus/sandbox/handlers/disk_cache.h"
#include "nexus/sandbox/memory/image.h"
#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus {
namespace {

using sandbox::Instance;
using sandbox::Runtime;

constexpr const char* kSmall = "$state.count += $args.by; return {n: $state.count, who: $args.who}";
constexpr const char* kOther = "const x = $state.count; $state.count = x + 1; return {m: x, who: $args.who}";
constexpr const char* kNothing = "return 1";
constexpr const char* kFourMiB =
    "const a = new Uint8Array(4 << 20); for (let i = 0; i < a.length; i += 4096) a[i] = 1; return a.length";

[[noreturn]] void stop(const std::string& why) {
  fmt::print(stderr, "nexus_bench: {}\n", why);
  std::exit(1);
}

// One runtime, one instance, and the images of the handlers under test.
class Bench {
 public:
  Bench() : runtime_(make_runtime()), instance_(*Instance::create(*runtime_)) {}

  std::shared_ptr<const memory::Image> image(const std::string& source) {
    auto& known = images_[source];
    if (known == nullptr) known = load(source);
    return known;
  }

  std::shared_ptr<const memory::Image> load(const std::string& source) {
    instance_->start_load(source, {});
    while (instance_->step() == sandbox::Step::kMore) {
    }
    auto loaded = instance_->finish_load();
    if (!loaded) stop(loaded.error().message);
    return *loaded;
  }

  void call(const std::shared_ptr<const memory::Image>& handler) {
    const auto result = instance_->execute({.image = handler,
                                            .source = {},
                                            .execution_id = "bench",
                                            .args_json = R"({"by":1,"who":"someone"})",
                                            .state = &state_,
                                            .capabilities = &capabilities_});
    if (!result.ok()) stop(result.error->message);
  }

  // Runs one call with one suspension; returns the bytes of its delta. Calls `turn_ends` where the server would
  // look at its sockets.
  std::size_t wait_once(
      const std::shared_ptr<const memory::Image>& handler, bool compresses,
      const std::function<void()>& turn_ends = [] {}) {
    const auto request_of = [&](std::string_view args) {
      sandbox::ExecutionRequest request;
      request.image = handler;
      request.execution_id = "bench";
      request.args_json = args;
      request.state = &state_;
      request.capabilities = &all_;
      request.extensions = &extensions_;
      return request;
    };
    const auto run_segment = [&] {
      while (instance_->step() == sandbox::Step::kMore)
        turn_ends();
      turn_ends();
    };
    instance_->start(request_of(R"({"by":1,"who":"someone"})"));
    run_segment();
    if (!instance_->waits()) stop("it does not wait");
    std::optional segment(instance_->suspend());
    turn_ends();
    if (compresses) segment->suspended.delta.compress();
    const std::size_t bytes = segment->suspended.delta.bytes();
    auto restored = instance_->restore(segment->suspended, request_of("{}"));
    for (; restored == sandbox::Step::kMore; restored = instance_->restore_more(segment->suspended))
      turn_ends();
    if (!restored) stop("it does not go on");
    instance_->resume(segment->suspended, {0, CallAnswer::Kind::kValue, "null"});
    segment.reset();
    run_segment();
    const auto result = instance_->finish();
    turn_ends();
    if (!result.ok()) stop(result.error->message);
    return bytes;
  }

  Instance& instance() { return *instance_; }
  const Clock& clock() const { return clock_; }
  budget::Ledger& ledger() { return ledger_; }
  Runtime& runtime() { return *runtime_; }

 private:
  std::unique_ptr<Runtime> make_runtime() {
    auto made = Runtime::create({.max_memories = 4}, clock_, ledger_);
    if (!made) stop(made.error().message);
    return std::move(*made);
  }

  SystemClock clock_;
  budget::BoundedLedger ledger_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Instance> instance_;
  std::map<std::string, std::shared_ptr<const memory::Image>> images_;
  State state_ = *State::parse(R"({"count":41})");
  Capabilities capabilities_ = Capabilities::defaults();
  Capabilities all_ = *Capabilities::parse(std::vector<std::string>{"state:*", "ext:*"});
  sandbox::ExtensionTable extensions_ = [] {
    sandbox::ExtensionTable table;
    table.add("timer", {"sleep"});
    return table;
  }();
};

Bench& bench() {
  static Bench one;
  return one;
}

void call_handler(benchmark::State& state, const char* source) {
  const auto handler = bench().image(source);
  for (int i = 0; i < 1000; ++i)
    bench().call(handler);
  for (auto _ : state)
    bench().call(handler);
}

// A handler that is suspended once: capture, hibernate or not, restore into the same instance, and run to the end. Its
// baseline is the same handler with a promise that is settled already.
enum class Keep : bool { kRaw, kCompressed };
constexpr const char* kWaits =
    "const who = $args.who; await $ext.timer.sleep(1); $state.count += $args.by; return {n: $state.count, "
    "who}";
constexpr const char* kWaitsWith25Mb =
    "const kept = new Uint8Array(25e6).fill(1); await $ext.timer.sleep(1); return kept[kept.length - 1]";
constexpr const char* kWaitsNot =
    "const who = $args.who; await Promise.resolve(1); $state.count += $args.by; return {n: $state.count, "
    "who}";

void suspend_and_resume(benchmark::State& state, Keep keep) {
  const auto handler = bench().image(kWaits);
  std::size_t bytes = 0;
  for (int i = 0; i < 1000; ++i)
    bytes = bench().wait_once(handler, keep == Keep::kCompressed);
  for (auto _ : state)
    bench().wait_once(handler, keep == Keep::kCompressed);
  state.counters["bytes"] = static_cast<double>(bytes);
}

// A suspension with 25 MB of changes: the longest turn of the loop, in which no other request is served.
void wait_with_25_mb(benchmark::State& state) {
  const auto handler = bench().image(kWaitsWith25Mb);
  std::uint64_t longest_ns = 0, began_ns = 0;
  const auto turn_ends = [&] {
    const std::uint64_t now_ns = bench().clock().monotonic_ns();
    longest_ns = std::max(longest_ns, now_ns - std::exchange(began_ns, now_ns));
  };
  for (auto _ : state) {
    began_ns = bench().clock().monotonic_ns();
    bench().wait_once(handler, false, turn_ends);
  }
  state.counters["longest_turn_us"] = static_cast<double>(longest_ns) / 1e3;
}

// The reset after each call of the small handler.
void reset_alone(benchmark::State& state) {
  const auto handler = bench().image(kSmall);
  for (int i = 0; i < 1000; ++i)
    bench().call(handler);
  for (auto _ : state)
    bench().instance().reset();
  state.counters["hot_pages"] = static_cast<double>(bench().instance().hot_pages());
}

void two_handlers_in_turn(benchmark::State& state) {
  const auto one = bench().image(kSmall), other = bench().image(kOther);
  for (auto _ : state) {
    bench().call(one);
    bench().call(other);
  }
}

void touch_four_mib_once(benchmark::State& state) {
  constexpr std::size_t kBytes = 4 << 20;
  for (auto _ : state) {
    auto* bytes =
        static_cast<char*>(mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (std::size_t i = 0; i < kBytes; i += 4096)
      bytes[i] = 1;
    munmap(bytes, kBytes);
  }
}

// bench/run makes the bundle and sets NEXUS_LODASH_HANDLER to its path.
std::string lodash_source() {
  const char* path = std::getenv("NEXUS_LODASH_HANDLER");
  std::ifstream file(path != nullptr ? path : "");
  if (!file) stop("set NEXUS_LODASH_HANDLER to the bundled handler (bench/run does)");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void call_lodash(benchmark::State& state) {
  const auto source = lodash_source();
  const auto handler = bench().image(source);
  for (int i = 0; i < 1000; ++i)
    bench().call(handler);
  for (auto _ : state)
    bench().call(handler);
}

void load_lodash(benchmark::State& state) {
  const auto source = lodash_source();
  for (auto _ : state)
    benchmark::DoNotOptimize(bench().load(source));
}

void load_small(benchmark::State& state) {
  for (auto _ : state)
    benchmark::DoNotOptimize(bench().load(kSmall));
}

// A module of about 100 KB, of functions and of tables that its top level fills.
std::string large_source() {
  std::string source = "const table = [];\n";
  for (int i = 0; source.size() < 100'000; ++i) {
    source += fmt::format(
        "function step{0}(input) {{ let sum = {0}; for (const one of input.list ?? []) {{ if (one.kind === "
        "'kind{0}') sum "
        "+= one.value * {0}; else sum -= one.value % ({0} + 1); }} return {{ name: 'step{0}', sum, at: "
        "input.at "
        "}}; }}\n"
        "table.push({{ name: 'step{0}', run: step{0}, weight: {0} / 7 }});\n",
        i);
  }
  return source + "export default ($) => table[($.$args.by ?? 0) % table.length].run({ list: [], at: 1 });\n";
}

void load_large(benchmark::State& state) {
  const auto source = large_source();
  for (auto _ : state)
    benchmark::DoNotOptimize(bench().load(source));
}

// The costs of the disk cache: find() instead of a load, and store() for the caller. It has a folder of its own.
class WithDiskCache : public benchmark::Fixture {
 public:
  void SetUp(benchmark::State&) override {
    source = large_source();
    handler = std::make_shared<const handlers::Handler>(handlers::Handler{source, bench().image(source)});
    cache = std::make_unique<handlers::DiskCache>(
        handlers::DiskCache::Options{[this] { return handlers::open_cache_folder(directory); }, 64 << 20,
                                     bench().runtime().image_origin(), bench().runtime().base_image()},
        bench().clock(), bench().ledger());
    cache->store(handler);
    cache->wait_until_written();
  }
  void TearDown(benchmark::State& state) override {
    state.counters["file_bytes"] = static_cast<double>(cache->stats().bytes);
    cache.reset();
    std::filesystem::remove_all(directory);
  }

 protected:
  const std::string directory = fmt::format("/tmp/nexus-bench-{}", getpid());
  std::string source;
  std::shared_ptr<const handlers::Handler> handler;
  std::unique_ptr<handlers::DiskCache> cache;
};

// The cost of the disk cache at start: the digest of what images depend on, the folder, the thread.
void start_disk_cache(benchmark::State& state) {
  const std::string directory = fmt::format("/tmp/nexus-bench-{}", getpid());
  for (auto _ : state) {
    const handlers::DiskCache cache({[&] { return handlers::open_cache_folder(directory); }, 64 << 20,
                                     bench().runtime().image_origin(), bench().runtime().base_image()},
                                    bench().clock(), bench().ledger());
  }
  std::filesystem::remove_all(directory);
}

BENCHMARK_DEFINE_F(WithDiskCache, find_large)(benchmark::State& state) {
  for (auto _ : state) {
    const auto image = cache->find(source);
    if (image == nullptr) stop("it is not on disk");
  }
}

BENCHMARK_DEFINE_F(WithDiskCache, store_large)(benchmark::State& state) {
  for (auto _ : state) {
    cache->store(handler);
    state.PauseTiming();
    cache->wait_until_written();
    state.ResumeTiming();
  }
}

BENCHMARK_DEFINE_F(WithDiskCache, write_large)(benchmark::State& state) {
  for (auto _ : state) {
    cache->store(handler);
    cache->wait_until_written();
  }
}

BENCHMARK_CAPTURE(call_handler, small, kSmall)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(call_handler, other, kOther)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(call_handler, nothing, kNothing)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(call_handler, waits_not, kWaitsNot)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(suspend_and_resume, raw, Keep::kRaw)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(suspend_and_resume, hibernated, Keep::kCompressed)->Unit(benchmark::kMicrosecond);
BENCHMARK(wait_with_25_mb)->Unit(benchmark::kMillisecond);
BENCHMARK(reset_alone)->Unit(benchmark::kMicrosecond);
BENCHMARK(two_handlers_in_turn)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(call_handler, four_mib_of_heap, kFourMiB)->Unit(benchmark::kMicrosecond);
BENCHMARK(touch_four_mib_once)->Unit(benchmark::kMicrosecond);
BENCHMARK(call_lodash)->Unit(benchmark::kMicrosecond);
BENCHMARK(load_small)->Unit(benchmark::kMicrosecond);
BENCHMARK(load_lodash)->Unit(benchmark::kMicrosecond)->MinTime(0.5);
BENCHMARK(load_large)->Unit(benchmark::kMicrosecond);
BENCHMARK(start_disk_cache)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_REGISTER_F(WithDiskCache, find_large)->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_REGISTER_F(WithDiskCache, store_large)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->Iterations(200);
BENCHMARK_REGISTER_F(WithDiskCache, write_large)
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime()
    ->Iterations(200);

}  // namespace
}  // namespace nexus
