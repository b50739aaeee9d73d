// Engine, Program and Instance, with guests of a few bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <thread>

#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/engine/instance.h"
#include "nexus/sandbox/memory/image.h"
#include "support/sandbox.h"
#include "wasm_builder.h"

namespace nexus::engine {
namespace {

// ---- host functions ----

std::vector<Value> seen;

const char* host_note(Instance& instance, std::span<Value> v) {
  seen.assign(v.begin(), v.begin() + 2);
  EXPECT_EQ(instance.user(), &seen);
  v[0] = v[0] + v[1];
  return nullptr;
}
const char* host_refuse(Instance&, std::span<Value>) { return "the host has had enough"; }

constexpr std::array kImports = {
    Import{"test", "note", "iI", "I", host_note},
    Import{"test", "refuse", "", "", host_refuse},
};

class EngineTest : public ::testing::Test {
 protected:
  // A program with these exports, in this order.
  Result<std::unique_ptr<Program>> load(const WasmBuilder& wasm, std::vector<std::string_view> exports,
                                        std::span<const Import> imports = kImports) {
    const auto code = compile(wasm.bytes());
    if (!code) return std::unexpected(code.error());
    return Program::load(*engine_, *code, imports, exports);
  }
  // An instance of a program with one function "f", which has this body and returns an i32.
  Instance& instance_of(const Code& body) {
    WasmBuilder wasm;
    wasm.import("test", "note", "iI", "I");
    wasm.import("test", "refuse", "", "");
    wasm.function("f", "i", body);
    program_ = *load(wasm, {"f"});
    instance_ = *Instance::create(*program_, &seen);
    instance_->memory().set_limit(16 * kWasmPageBytes);
    return *instance_;
  }
  static const Trap& trap_of(Instance& instance) {
    instance.start(0);
    Progress progress = instance.poll();
    while (progress == Progress::kYielded)
      progress = instance.poll();
    EXPECT_EQ(progress, Progress::kTrapped);
    return instance.trap();
  }

  testing::BoundedLedger ledger_;
  std::unique_ptr<Engine> engine_ = *Engine::create({.max_instances = 4}, ledger_);
  std::unique_ptr<Program> program_;
  std::unique_ptr<Instance> instance_;
};

// ---- calls ----

TEST_F(EngineTest, CallsAnExport) {
  Instance& instance = instance_of(op::i32(-42));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(instance.call(0), -42);
  EXPECT_TRUE(instance.at_rest());
  EXPECT_EQ(instance.stack_pointer(), 1024);
}

TEST_F(EngineTest, ValuesPassThroughAHostFunction) {
  Instance& instance = instance_of(op::i32(-5) + op::i64(1LL << 40) + op::call(0) + Code{0x42} + leb(20) +
                                   Code{0x87} + op::wrap_i64());
  EXPECT_EQ(instance.call(0), ((1 << 20) - 1)) << "(2^40 - 5) >> 20";
  EXPECT_EQ(seen, (std::vector<Value>{-5, 1LL << 40}));
}

TEST_F(EngineTest, HostAndGuestShareMemory) {
  Instance& instance = instance_of(op::i32(8) + op::i32(8) + op::load_i32() + op::i32(1) + op::add() +
                                   op::store_i32() + op::i32(8) + op::load_i32());
  instance.memory().base()[8] = std::byte{41};
  EXPECT_EQ(instance.call(0), 42);
  EXPECT_EQ(instance.memory().base()[8], std::byte{42});
  EXPECT_EQ(instance.memory().size(), kWasmPageBytes);
}

TEST_F(EngineTest, GuestSeesGrowthAndItsRefusal) {
  Instance& instance = instance_of(op::i32(1) + op::memory_grow());
  instance.memory().set_limit(2 * kWasmPageBytes);
  EXPECT_EQ(instance.call(0), 1) << "the size before";
  EXPECT_EQ(instance.memory().size(), 2 * kWasmPageBytes);
  EXPECT_EQ(instance.call(0), -1);
  ASSERT_TRUE(instance.memory().refusal());
  EXPECT_EQ(instance.memory().refusal()->wanted, 3 * kWasmPageBytes);
}

TEST_F(EngineTest, HostCanGrowAndShrinkMemory) {
  Instance& instance = instance_of(op::memory_size());
  const auto small = memory::Image::freeze(std::vector<std::byte>(kWasmPageBytes), nullptr);
  const auto large = memory::Image::freeze(std::vector<std::byte>(9 * kWasmPageBytes), nullptr);
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(instance.memory().take(i % 2 == 0 ? large : small));
    instance.memory_size_changed();
    ASSERT_EQ(instance.call(0), i % 2 == 0 ? 9 : 1);
  }
}

TEST_F(EngineTest, GuestWriteMakesColdPageHot) {
  Instance& instance = instance_of(op::i32(40000) + op::i32(7) + op::store_i32() + op::i32(0));
  ASSERT_TRUE(instance.memory().take(memory::Image::freeze(std::vector<std::byte>(kWasmPageBytes), nullptr)));
  EXPECT_EQ(instance.call(0), 0);
  EXPECT_EQ(instance.memory().faults(), 1U);
  instance.memory().reset();
  EXPECT_TRUE(instance.memory().is_pristine());
  EXPECT_EQ(instance.call(0), 0);
  EXPECT_EQ(instance.memory().faults(), 1U);
}

// ---- traps ----

TEST_F(EngineTest, HostFunctionTrapKeepsItsText) {
  const Trap& trap = trap_of(instance_of(op::call(1) + op::i32(0)));
  EXPECT_EQ(trap.kind, Trap::Kind::kHost);
  EXPECT_EQ(trap.message, "the host has had enough");
  EXPECT_EQ(trap.frames.size(), 1U);
}

TEST_F(EngineTest, AccessOutsideMemoryTraps) {
  for (const std::int32_t address : {65536, 65533, 1 << 20, -1, -65536}) {
    const Trap& trap = trap_of(instance_of(op::i32(address) + op::i32(1) + op::store_i32() + op::i32(0)));
    EXPECT_EQ(trap.kind, Trap::Kind::kMemoryOutOfBounds) << address << ": " << trap.message;
    EXPECT_FALSE(trap.frames.empty());
  }
}

TEST_F(EngineTest, AccessOutsideShrunkMemoryTraps) {
  Instance& instance = instance_of(op::i32(70000) + op::load_i32());
  ASSERT_TRUE(
      instance.memory().take(memory::Image::freeze(std::vector<std::byte>(2 * kWasmPageBytes), nullptr)));
  instance.memory_size_changed();
  EXPECT_EQ(instance.call(0), 0);
  ASSERT_TRUE(instance.memory().take(memory::Image::freeze(std::vector<std::byte>(kWasmPageBytes), nullptr)));
  instance.memory_size_changed();
  EXPECT_EQ(trap_of(instance).kind, Trap::Kind::kMemoryOutOfBounds);
}

TEST_F(EngineTest, UnreachableIsATrap) {
  EXPECT_EQ(trap_of(instance_of(op::unreachable())).kind, Trap::Kind::kUnreachable);
}

TEST_F(EngineTest, DivisionByZeroIsAnotherTrap) {
  const Trap& trap = trap_of(instance_of(op::i32(1) + op::i32(0) + op::divide()));
  EXPECT_EQ(trap.kind, Trap::Kind::kOther);
  EXPECT_FALSE(trap.message.empty());
}

TEST_F(EngineTest, EndlessRecursionTrapsAndProcessSurvives) {
  for (int i = 0; i < 3; ++i) {
    const Trap& trap = trap_of(instance_of(op::call(2) + op::i32(1) + op::add()));
    EXPECT_EQ(trap.kind, Trap::Kind::kStackOverflow) << trap.message;
    EXPECT_GT(instance_->trim_stack() + 1, 0U);
  }
  EXPECT_EQ(instance_of(op::i32(3)).call(0), 3);
}

TEST_F(EngineTest, ChangedStackPointerIsNotAtRest) {
  Instance& instance = instance_of(op::set_stack_pointer(512) + op::i32(0));
  EXPECT_EQ(instance.call(0), 0);
  EXPECT_FALSE(instance.at_rest());
}

// ---- slices ----

TEST_F(EngineTest, EndlessLoopYieldsOnAnyThreadUntilCancelled) {
  Instance& instance = instance_of(op::loop_forever() + op::i32(0));
  instance.start(0);
  for (int slice = 0; slice < 5; ++slice) {
    Progress progress = Progress::kReturned;
    if (slice % 2 == 0) {
      std::thread([&] { progress = instance.poll(); }).join();
    } else {
      progress = instance.poll();
    }
    ASSERT_EQ(progress, Progress::kYielded);
  }
  instance.cancel();
  instance_.reset();
  EXPECT_EQ(instance_of(op::i32(4)).call(0), 4) << "the engine has its stack and slot back";
}

TEST_F(EngineTest, ManyEndlessLoopsTakeTurns) {
  WasmBuilder wasm;
  wasm.function("f", "i", op::loop_forever() + op::i32(0));
  const auto program = *load(wasm, {"f"});
  std::vector<std::unique_ptr<Instance>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(*Instance::create(*program, nullptr));
    all.back()->start(0);
  }
  for (int turn = 0; turn < 3; ++turn) {
    for (const auto& one : all)
      ASSERT_EQ(one->poll(), Progress::kYielded);
  }
  for (const auto& one : all)
    one->cancel();
}

TEST_F(EngineTest, CancelBeforeTheFirstSliceRunsNothing) {
  Instance& instance = instance_of(op::i32(0) + op::i32(7) + op::store_i32() + op::i32(0));
  instance.start(0);
  instance.cancel();
  EXPECT_EQ(instance.memory().base()[0], std::byte{0});
}

// ---- failures at load and instantiation ----

TEST_F(EngineTest, InstanceLimitIsAnErrorUntilOneIsFreed) {
  WasmBuilder wasm;
  wasm.function("f", "i", op::i32(1));
  const auto program = *load(wasm, {"f"});
  std::vector<std::unique_ptr<Instance>> all;
  for (int i = 0; i < 4; ++i)
    all.push_back(*Instance::create(*program, nullptr));
  const auto refused = Instance::create(*program, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_NE(refused.error().message.find("no room for another instance"), std::string::npos)
      << refused.error().message;
  all.pop_back();
  EXPECT_TRUE(Instance::create(*program, nullptr));
}

TEST_F(EngineTest, LedgerRefusalFailsInstantiation) {
  WasmBuilder wasm;
  wasm.memory_pages = 4;
  wasm.function("f", "i", op::i32(1));
  const auto program = *load(wasm, {"f"});
  ledger_.set_limit(3 * kWasmPageBytes);
  const auto refused = Instance::create(*program, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 0U);
}

TEST_F(EngineTest, MissingImportIsNamed) {
  WasmBuilder wasm;
  wasm.import("test", "wishful", "", "");
  wasm.function("f", "i", op::i32(1));
  const auto program = *load(wasm, {"f"});
  const auto refused = Instance::create(*program, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("wishful"), std::string::npos) << refused.error().message;
}

TEST_F(EngineTest, ImportOfWrongTypeIsNamed) {
  WasmBuilder wasm;
  wasm.import("test", "note", "ii", "");
  wasm.function("f", "i", op::i32(1));
  const auto program = *load(wasm, {"f"});
  const auto refused = Instance::create(*program, nullptr);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("note"), std::string::npos) << refused.error().message;
}

TEST_F(EngineTest, MissingExportsAreNamed) {
  WasmBuilder wasm;
  wasm.function("f", "i", op::i32(1));
  const auto expect = [&](const WasmBuilder& made, std::vector<std::string_view> exports,
                          std::string_view text) {
    const auto program = *load(made, exports);
    const auto refused = Instance::create(*program, nullptr);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInternalError);
    EXPECT_NE(refused.error().message.find(text), std::string::npos) << refused.error().message;
  };
  expect(wasm, {"f", "g"}, "'g'");
  WasmBuilder nameless = wasm;
  nameless.memory_name = "m";
  expect(nameless, {"f"}, "no memory");
  nameless = wasm;
  nameless.stack_pointer_name = "sp";
  expect(nameless, {"f"}, "stack pointer");
}

TEST_F(EngineTest, ForeignCodeIsAnErrorWithText) {
  WasmBuilder wasm;
  wasm.function("f", "i", op::i32(1));
  auto code = *compile(wasm.bytes());
  const auto expect_refused = [&](std::span<const std::byte> bytes) {
    const std::array<std::string_view, 1> exports = {"f"};
    const auto refused = Program::load(*engine_, bytes, {}, exports);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kInternalError);
    EXPECT_FALSE(refused.error().message.empty());
  };
  expect_refused({});
  expect_refused(wasm.bytes());  // not compiled
  expect_refused(std::span(code).first(100));
  expect_refused(std::span(code).first(code.size() / 2));
  // Code of another engine version differs in its header.
  const std::string_view mark = "x86_64";
  const auto* at = reinterpret_cast<const char*>(code.data());
  const auto found = std::string_view(at, code.size()).find(mark);
  ASSERT_NE(found, std::string_view::npos);
  code[found] = std::byte{'y'};
  expect_refused(code);
}

TEST_F(EngineTest, InvalidWasmDoesNotCompile) {
  const std::array<std::byte, 4> garbage{};
  const auto refused = compile(garbage);
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().message.empty());
}

}  // namespace
}  // namespace nexus::engine
