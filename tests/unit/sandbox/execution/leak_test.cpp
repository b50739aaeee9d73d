// No execution sees data of an earlier one. Each call hides a secret in every place it knows and looks for an earlier
// one, and after every call the memory is compared with the image, byte by byte. In between come cancellations,
// timeouts, growth, failures and changes of image, in random order, with both ways of write tracking.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "support/sandbox.h"
#include "support/steps.h"
#include "support/waiting.h"

namespace nexus::testing {
namespace {

using sandbox::ExecutionRequest;
using sandbox::Instance;
using sandbox::Step;

// A module, because its closures and caches live as long as the image.
constexpr std::string_view kPlanter = R"(
let kept = null;
const cache = new Map(), weak = new WeakMap(), bytes = new Uint8Array(64), regex = /a/g, list = [], frozen = Object.freeze({});
class Holder { static #hidden = null; static get() { return this.#hidden; } static put(v) { this.#hidden = v; } }
function* forever() { let v = null; for (;;) v = (yield v) ?? v; }
const generator = forever(); generator.next();
const places = () => ({
  kept, cached: cache.get('k'), weak: weak.get(frozen), byte: bytes[7] || null, lastIndex: regex.lastIndex || null,
  listed: list[0] ?? null, hidden: Holder.get(), generated: generator.next().value,
  global: globalThis.secret ?? null, viaPrototype: ({}).secret ?? null, viaArray: [].secret ?? null,
  viaFunction: (() => 0).secret ?? null, viaString: ''.secret ?? null, error: Error.secret ?? null,
  prepare: Error.prepareStackTrace ?? null, parse: JSON.parse.secret ?? null, random: Math.random.secret ?? null,
  promise: Promise.prototype.secret ?? null, symbol: globalThis[Symbol.for('secret')] ?? null,
  legacy: RegExp.$1 ? RegExp.$1 : null, console: console.secret ?? null, args: $args.secret ?? null,
  state: $state.get('secret') ?? null, log: $log.secret ?? null, emit: $emit.secret ?? null,
});
export default () => {
  const found = [], all = places();
  for (const name in all) if (all[name] !== null && all[name] !== undefined) found.push(name);
  const secret = 'SECRET-' + $args.n;
  kept = secret; cache.set('k', secret); weak.set(frozen, secret); bytes.fill(7); regex.lastIndex = 3; list.push(secret);
  Holder.put(secret); generator.next(secret);
  globalThis.secret = Object.prototype.secret = Array.prototype.secret = (() => 0).__proto__.secret = secret;
  String.prototype.secret = Error.secret = Promise.prototype.secret = secret;
  JSON.parse.secret = Math.random.secret = console.secret = $log.secret = $emit.secret = secret;
  globalThis[Symbol.for('secret')] = secret;
  Error.prepareStackTrace = () => secret;
  /(S.*)/.exec(secret);
  Array.prototype.map = Object.keys = JSON.stringify = Math.max = () => secret;
  globalThis.$args = { secret };
  if ($args.n % 3 === 0) globalThis.more = new Array(2000).fill(secret);
  return found;
}
)";

struct Handler {
  std::string source;
  std::shared_ptr<const memory::Image> image;
};

class Mix {
 public:
  Mix(memory::Tracking tracking, std::uint64_t seed) : sandbox_(tracking), random_(seed) {
    // The same planter in images of different sizes, so that changes of image grow and shrink the memory.
    for (const int extra_kib : {0, 40, 700}) {
      std::string source(kPlanter);
      source += "\nexport const extra = '" + std::string(static_cast<std::size_t>(extra_kib) * 1024, 'x') +
                "'.repeat(2);";
      handlers_.push_back({source, *sandbox_.load(source)});
    }
    limits_.timeout_ms = 100;
  }

  void call(std::uint64_t n) {
    const auto dice = random_() % 1000;
    if (dice < 900) return plant(n);
    if (dice < 930) return grow();
    if (dice < 960) return fail_at_depth();
    if (dice < 980) return wait();
    if (dice < 999) return cancel();
    if (random_() % 40 == 0) spin_until_timeout();
  }

  std::uint64_t checked() const { return checked_; }

 private:
  Handler& any_handler() {
    if (random_() % 8 == 0) current_ = random_() % handlers_.size();
    return handlers_[current_];
  }

  void expect_pristine() {
    if (sandbox_.instance().executions() == 0) return;  // a new instance after a cancellation
    ASSERT_TRUE(sandbox_.instance().is_pristine());
    ++checked_;
  }

  void plant(std::uint64_t n) {
    const Handler& handler = any_handler();
    sandbox_.run_image(handler.image, handler.source, {.args = "{\"n\":" + std::to_string(n) + "}"})
        .expect_value("[]");
    expect_pristine();
  }

  // 1 to 5 MiB beyond the image, filled with a recognisable byte.
  void grow() { run_other("return new Uint8Array((1 + $args.n % 5) << 20).fill(83).length"); }
  void fail_at_depth() {
    run_other(
        "globalThis.secret = 'SECRET'; (function f(n) { if (n === 0) throw Error(secret); f(n - 1) })(300)");
  }

  // Captured in this instance and resumed in another.
  void wait() {
    const std::string source =
        "globalThis.secret = 'SECRET'; const kept = [secret, new Uint8Array(9000).fill(83)]; await "
        "$ext.timer.sleep(1);"
        "Array.prototype.secret = secret; return kept[1].length";
    auto& known = others_[source];
    if (known == nullptr) known = *sandbox_.load(source);
    Waiting waiting(sandbox_, known, source);
    expect_pristine();
    ASSERT_TRUE(waiting.answer(0, "null"));
    waiting.outcome().expect_value("9000");
  }

  void run_other(const std::string& source) {
    auto& known = others_[source];
    if (known == nullptr) known = *sandbox_.load(source);
    sandbox_.run_image(known, source, {.args = "{\"n\":" + std::to_string(random_() % 1000) + "}"});
    expect_pristine();
  }

  ExecutionRequest spinner() {
    const std::string source = "globalThis.secret = 'SECRET'; for (;;) globalThis.more = [secret];";
    auto& known = others_[source];
    if (known == nullptr) known = *sandbox_.load(source);
    return {.image = known, .source = source_of_spinner_, .execution_id = "spin", .limits = limits_};
  }

  void cancel() {
    Instance& instance = sandbox_.instance();
    instance.start(spinner());
    // In half of the cases it is cancelled before its first slice.
    if (random_() % 2 == 0 && instance.step() == Step::kDone) FAIL();
    instance.cancel(ErrorCode::kCancelled, "test");
    EXPECT_EQ(instance.finish().error->code, ErrorCode::kCancelled);
    EXPECT_EQ(instance.state(), Instance::Status::kTerminated);
  }

  void spin_until_timeout() {
    EXPECT_EQ(sandbox_.instance().execute(spinner()).error->code, ErrorCode::kTimeout);
    EXPECT_EQ(sandbox_.instance().executions(), 0U);
  }

  Sandbox sandbox_;
  std::mt19937_64 random_;
  std::vector<Handler> handlers_;
  std::map<std::string, std::shared_ptr<const memory::Image>> others_;
  std::string source_of_spinner_;
  std::size_t current_ = 0;
  Limits limits_;
  std::uint64_t checked_ = 0;
};

std::uint64_t calls_to_make() { return testing::from_environment("NEXUS_LEAK_CALLS", 100'000); }

class Leak : public ::testing::TestWithParam<memory::Tracking> {};

TEST_P(Leak, ExecutionsNeverSeeEarlierData) {
  Mix mix(GetParam(), 42);
  // kCopyEverything copies a megabyte per call, so it gets a tenth of the calls.
  const std::uint64_t calls = calls_to_make() / (GetParam() == memory::Tracking::kCopyEverything ? 10 : 1);
  for (std::uint64_t n = 0; n < calls && !HasFailure(); ++n)
    mix.call(n);
  EXPECT_GT(mix.checked(), calls / 2);
}

// Proves the check itself: without a reset between two calls it finds the secret.
TEST(LeakLook, DetectsSecretWithoutReset) {
  Sandbox sandbox;
  const std::string twice = std::string(kPlanter) + "\n";
  const std::string source = [&] {
    std::string text = twice;
    const auto at = text.find("export default () => {");
    return text.replace(at, 22, "export default () => { visit(); return visit(); };\nconst visit = () => {");
  }();
  const auto outcome = sandbox.run(source, {.args = R"({"n":1})"});
  outcome.expect_success();
  EXPECT_GT(std::ranges::count(outcome.result().return_json, ','), 15) << outcome.describe();
}

INSTANTIATE_TEST_SUITE_P(BothWays, Leak,
                         ::testing::Values(memory::Tracking::kLearnHotPages,
                                           memory::Tracking::kCopyEverything),
                         [](const auto& way) {
                           return way.param == memory::Tracking::kLearnHotPages ? "LearnHotPages"
                                                                                : "CopyEverything";
                         });

}  // namespace
}  // namespace nexus::testing
