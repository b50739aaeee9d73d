// WebAssembly in three nouns. Everything outside this folder sees these, never the engine's C API.
//
//   Engine    one per process: configuration, address space for memories and stacks, the ticker, the SIGSEGV path
//   Program   compiled code with its host functions, ready to be instantiated
//   Instance  one memory and one thread of control, which runs one call at a time in slices (instance.h)
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::engine {

class Instance;

struct EngineOptions {
  std::size_t max_instances = 1088;
  memory::Tracking tracking = memory::Tracking::kLearnHotPages;
};

// Thread-safe. Must outlive its programs and their instances. One at a time in a process.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options, budget::Ledger& ledger);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  static std::string_view version();

  // Sets up what the engine keeps for a thread that calls guests. Else the first call does, and ends the process when there
  // is no room for it. create() does it for its own thread. kInternalError.
  Result<void> prepare_thread();

  // How many memories find out what a call has written, and how many copy everything, for want of mappings.
  memory::TrackingCounts tracking() const;

  // What runs now yields as if its time were up; a first slice is only shortened.
  void end_slices();

  struct Parts;  // engine/ alone
  Parts& parts() { return *parts_; }

 private:
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// One argument or result, whatever its type: i32 values are sign-extended.
using Value = std::int64_t;

// Called on the guest's stack with its arguments; the result, if there is one, goes to values[0]. Null, or why the guest
// must be stopped with a trap (a literal). Must not throw, and may use 64 KiB of stack at most.
using HostFunction = const char* (*)(Instance& instance, std::span<Value> values);

struct Import {
  std::string_view module;
  std::string_view name;
  std::string_view parameters;  // 'i': i32, 'I': i64
  std::string_view results;     // at most one
  HostFunction function;
};

// Immutable; thread-safe.
class Program {
 public:
  // `code` is what `compile` made; `imports` must have static storage. `exports`: functions without parameters, to be
  // called by their index. kInternalError with the engine's text when the code isn't made for this engine or processor.
  static Result<std::unique_ptr<Program>> load(Engine& engine, std::span<const std::byte> code,
                                               std::span<const Import> imports,
                                               std::span<const std::string_view> exports);
  ~Program();

  struct Parts;
  const Parts& parts() const { return *parts_; }

 private:
  explicit Program(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// Ahead of time, at build time: WebAssembly to code for `Program::load`.
Result<std::vector<std::byte>> compile(std::span<const std::byte> wasm);

}  // namespace nexus::engine
