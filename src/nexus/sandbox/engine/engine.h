// WebAssembly in three nouns. Code outside this folder uses these, never the engine's C API.
//
//   Engine    one per process: configuration, address space for memories and stacks, the ticker, the SIGSEGV path
//   Program   compiled code with its host functions, ready to be instantiated
//   Instance  one memory and one thread of control, which runs one call at a time in slices (instance.h)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
  // For simulations: asked at the begin of each slice and at each host call whether the slice ends there. Then no ticker runs.
  // Null: slices end by the ticker.
  std::function<bool()> ends_slice{};
  std::size_t max_instances = 1088;
  memory::Tracking tracking = memory::Tracking::kLearnHotPages;
};

// Thread-safe. Must outlive its programs and their instances. At most one exists per process.
class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options, budget::Ledger& ledger);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  static std::string_view version();

  // Prepares the calling thread to run guests; create() prepares its own thread. Without it the first call prepares
  // the thread, and ends the process if it has no memory for that. Fails with kInternalError.
  Result<void> prepare_thread();

  // The number of memories that track written pages, and of those that copy everything because mappings ran out.
  memory::TrackingCounts tracking() const;

  // Makes the running guests yield as if their slice were over. A first slice is only shortened.
  void end_slices();

  struct Parts;  // for engine/ only
  Parts& parts() { return *parts_; }

 private:
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

// One argument or result of any type: i32 values are sign-extended.
using Value = std::int64_t;

// Called on the guest's stack. `values` holds the arguments; a result goes to values[0]. Returns null, or a literal
// with the reason to stop the guest with a trap. Must not throw, and may use at most 64 KiB of stack.
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
  // `code` comes from compile(); `imports` must have static storage. `exports`: functions without parameters, called
  // by index. kInternalError with the engine's text if the code is for another engine or processor.
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

// Compiles WebAssembly to code for Program::load(). Used at build time.
Result<std::vector<std::byte>> compile(std::span<const std::byte> wasm);

}  // namespace nexus::engine
