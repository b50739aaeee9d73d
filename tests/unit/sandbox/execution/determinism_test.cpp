// Equal sources give equal images, independent of the clock, of earlier executions, of the instance and of the
// process. A delta that is restored after a restart depends on this.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::sandbox {
namespace {

// A clock that moves with every reading.
class AnyClock final : public Clock {
 public:
  explicit AnyClock(std::int64_t start_ms) : now_ms_(start_ms) {}
  std::int64_t unix_ms() const override { return ++now_ms_; }
  std::uint64_t monotonic_us() const override { return static_cast<std::uint64_t>(++now_ms_); }
  std::uint64_t thread_cpu_us() const override { return static_cast<std::uint64_t>(++now_ms_); }

 private:
  mutable std::int64_t now_ms_;
};

const std::vector<std::string>& sources() {
  static const std::vector<std::string> all = {
      "return 1",
      "({ $args }) => $args.a",
      R"(const made = { at: Date.now(), when: String(new Date()), chance: Math.random(), id: crypto.randomUUID(),
           bytes: crypto.getRandomValues(new Uint8Array(32)), tick: performance.now(), origin: performance.timeOrigin };
         export default () => made;)",
      R"(const map = new Map([['a', 1], [{}, 2], [Symbol('x'), 3]]), weak = new WeakMap([[{}, 1]]), re = /x+/gi;
         class A { #p = 1; static s = new Set([1, 2]); get p() { return this.#p } }
         const list = Array.from({ length: 5000 }, (_, i) => ({ i, text: 'item' + i }));
         list.sort((a, b) => (a.i * 7919) % 5000 - (b.i * 7919) % 5000);
         export default async () => [map.size, re.test('x'), new A().p, list.length];)",
      "const big = 'x'.repeat(900000); export default () => big.length;",
      "await null; const order = []; Promise.resolve().then(() => order.push(1)); export default () => "
      "order;",
      "const s = [3,1,2].map((n) => { try { null.x } catch (e) { return e.stack } }); export default () => "
      "s;",
  };
  return all;
}

std::string load_digests(Instance& instance) {
  std::string digests;
  for (const std::string& source : sources()) {
    instance.start_load(source, {});
    while (instance.step() == Step::kMore) {
    }
    const auto image = instance.finish_load();
    EXPECT_TRUE(image) << source << ": " << image.error().message;
    if (!image) return {};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%016llx ", static_cast<unsigned long long>((*image)->digest()));
    digests += text.data();
  }
  return digests;
}

std::string digests_at(std::int64_t start_ms) {
  const AnyClock clock(start_ms);
  budget::UnlimitedLedger ledger;
  const auto runtime = *Runtime::create({.max_memories = 4}, clock, ledger);
  const auto instance = *Instance::create(*runtime);
  return load_digests(*instance);
}

TEST(Determinism, ImagesDoNotDependOnTheClock) {
  const std::string expected = digests_at(0);
  EXPECT_EQ(expected.size(), 17 * sources().size());
  EXPECT_EQ(digests_at(1'700'000'000'123), expected);
  EXPECT_EQ(digests_at(4'102'444'800'000), expected);
}

TEST(Determinism, ImagesDoNotDependOnWhatRanBefore) {
  const AnyClock clock(1'000'000);
  budget::UnlimitedLedger ledger;
  const auto runtime = *Runtime::create({.max_memories = 4}, clock, ledger);
  const auto fresh = *Instance::create(*runtime), used = *Instance::create(*runtime);
  const std::string expected = load_digests(*fresh);
  const std::string source =
      "globalThis.left = new Uint8Array(3000000).fill(83); throw Error(new Date() + Math.random())";
  used->start_load(source, {});
  while (used->step() == Step::kMore) {
  }
  const auto image = *used->finish_load();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(used->execute({.image = image, .source = source, .execution_id = "x"}).error.has_value());
    EXPECT_EQ(load_digests(*used), expected);
  }
}

// Not a test: the child process of the next test runs it.
TEST(Determinism, DISABLED_TellDigests) {
  const char* start_ms = std::getenv("NEXUS_TEST_CLOCK_MS");
  if (start_ms != nullptr) std::printf("digests: %s\n", digests_at(std::atoll(start_ms)).c_str());
}

std::string digests_of_another_process(const std::string& environment) {
  const std::string command =
      "exec env " + environment + " /proc/" + std::to_string(getpid()) +
      "/exe --gtest_also_run_disabled_tests --gtest_filter=Determinism.DISABLED_TellDigests";
  FILE* output = popen(command.c_str(), "r");
  std::string text;
  for (int c = std::fgetc(output); c != EOF; c = std::fgetc(output))
    text += static_cast<char>(c);
  EXPECT_EQ(pclose(output), 0) << text;
  const auto at = text.find("digests: ");
  return at == std::string::npos ? "" : text.substr(at + 9, text.find('\n', at) - at - 9);
}

TEST(Determinism, ImagesAreEqualAcrossProcesses) {
  const std::string expected = digests_at(5);
  EXPECT_EQ(digests_of_another_process("NEXUS_TEST_CLOCK_MS=987654321"), expected);
  EXPECT_EQ(digests_of_another_process("NEXUS_TEST_CLOCK_MS=7 TZ=Asia/Tokyo LANG=de_DE.UTF-8 FILLER=" +
                                       std::string(5000, 'x')),
            expected);
}

}  // namespace
}  // namespace nexus::sandbox
