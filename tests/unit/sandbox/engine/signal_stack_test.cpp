#include "nexus/sandbox/engine/signal_stack.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <latch>
#include <thread>

#include "nexus/foundation/base/units.h"
#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/engine/instance.h"
#include "support/sandbox.h"
#include "support/steps.h"
#include "wasm_builder.h"

namespace nexus::engine {
namespace {

stack_t signal_stack() {
  stack_t now{};
  sigaltstack(nullptr, &now);
  return now;
}

TEST(SignalStackTest, PreparedThreadReusesItsStackInFirstCall) {
  testing::BoundedLedger ledger;
  const auto engine = *Engine::create({.max_instances = 2}, ledger);
  WasmBuilder wasm;
  wasm.function("f", "i", op::i32(7));
  const auto program = *Program::load(*engine, *compile(wasm.bytes()), {}, std::array{std::string_view("f")});
  std::jthread([&] {
    ASSERT_TRUE(engine->prepare_thread().has_value());
    const stack_t prepared = signal_stack();
    EXPECT_EQ(prepared.ss_flags, 0);
    EXPECT_EQ((*Instance::create(*program, nullptr))->call(0), 7);
    EXPECT_EQ(signal_stack().ss_sp, prepared.ss_sp);
    ASSERT_TRUE(engine->prepare_thread().has_value());
    EXPECT_EQ(signal_stack().ss_sp, prepared.ss_sp) << "once is enough";
  });
}

std::uint64_t mapped_bytes() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * kPageBytes;
}

// A new thread has no heap yet: its first allocations use the little address space that is left.
TEST(SignalStackTest, ReportsMissingMemoryAndCanBeRetried) {
  if (testing::kUnderSanitizer) GTEST_SKIP() << "the sanitizer needs address space of its own";
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  std::latch limited(1);
  const std::jthread thread([&] {
    limited.wait();
    const auto refused = prepare_signal_stack();
    setrlimit(RLIMIT_AS, &before);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("ulimit -v"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(prepare_signal_stack().has_value());
  });
  const rlimit little{.rlim_cur = mapped_bytes() + 128_KiB, .rlim_max = before.rlim_max};
  EXPECT_EQ(setrlimit(RLIMIT_AS, &little), 0);
  limited.count_down();
}

}  // namespace
}  // namespace nexus::engine
