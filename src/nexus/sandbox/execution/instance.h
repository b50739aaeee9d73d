// A WebAssembly memory with an interpreter. It runs one execution at a time and is reset to its image between
// executions.
//
//   idle ──start()─────────────► running ──step() == kDone──► finished ──finish()───► idle
//        ──restore()──resume()──►   │                            └─waits()─suspend()──► idle
//                                   │ cancel(), a trap, a timeout                      │ the reset failed
//                                   └──────────────────► finished ──finish()──► terminated (the pool drops it)
//
// Thread safety: none; one thread at a time, but slices may run on different threads.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/result.h"
#include "nexus/sandbox/execution/execution_request.h"
#include "nexus/sandbox/execution/suspended.h"

namespace nexus::sandbox {

class Runtime;  // shared by all instances: see runtime.h

// The memory of an idle instance beside its linear memory: the engine's store, the kept part of its native stack,
// page tables. Measured over a thousand instances.
inline constexpr std::size_t kInstanceOverheadBytes = 96 * 1024;

enum class Step : bool { kMore, kDone };

class Instance {
 public:
  enum class Status : std::uint8_t { kIdle, kRunning, kFinished, kTerminated };

  // kOverloaded if there is no room for another instance.
  static Result<std::unique_ptr<Instance>> create(Runtime& runtime);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // REQUIRES: idle.
  void start(ExecutionRequest request);
  // Runs one slice of at most a few milliseconds. Once the execution waits, captures its delta instead, for at most
  // one millisecond per step; if there is no memory for the delta, the execution fails. REQUIRES: running.
  Step step();
  // CPU time of the execution, without the time between its slices.
  std::uint64_t running_us() const;
  // The monotonic time at which maxWallMs is over; the first slice after it ends the execution.
  std::uint64_t due_us() const;
  // Ends the execution with `code` (kCancelled, kTimeout); no more of it runs. REQUIRES: running.
  void cancel(ErrorCode code, std::string message);
  // Returns the result and resets the memory. REQUIRES: finished.
  ExecutionResult finish();

  // True if the segment is over but the execution waits for an extension call and its delta has been captured.
  // REQUIRES: finished.
  bool waits() const;
  // Returns the segment with the captured delta, and resets the memory. REQUIRES: waits().
  Segment suspend();
  // Restores a suspended execution into the memory, for at most a millisecond per call; `request` is as for start(),
  // without arguments and scope. kDone: ready for resume(). On an error (no memory now) nothing has changed. reset()
  // abandons it. REQUIRES: idle.
  Result<Step> restore(const Suspended& suspended, ExecutionRequest request);
  // Continues the restoring. REQUIRES: the last call returned kMore.
  Result<Step> restore_more(const Suspended& suspended);
  // Resumes the execution after one of its calls has been settled. REQUIRES: restoring is complete.
  void resume(Suspended& suspended, const CallAnswer& answer);

  // start(), step() until kDone, finish().
  ExecutionResult execute(ExecutionRequest request);

  // Loads a handler: turns its source into an image. Runs in steps like an execution; only the memory and time limits
  // apply. REQUIRES: idle.
  void start_load(std::string_view source, const Limits& limits);
  // Called before the image is made, with the most bytes that the image will keep.
  using MayKeep = std::function<Result<void>(std::uint64_t most_bytes)>;
  // Fails with kCompilationError, kInvalidHandler, kTimeout, kMemoryLimit, or the error of `may_keep`. REQUIRES:
  // finished after start_load().
  Result<std::shared_ptr<const memory::Image>> finish_load(const MayKeep& may_keep = nullptr);

  // Resets the memory to its image. finish() calls it.
  void reset();
  // Ends the instance's use and releases its memory now.
  void terminate();

  std::uint64_t id() const { return id_; }
  Status state() const { return status_; }
  std::uint64_t memory_used() const;  // charged bytes: resident, or about to be
  std::uint64_t memory_peak() const;  // the highest memoryPeakBytes of its executions
  std::uint64_t executions() const { return executions_; }
  // Compares the whole memory with its image: the postcondition of reset(). For tests; about 50 us per MiB.
  bool is_pristine() const;
  std::size_t hot_pages() const;  // copied back by every reset()

 private:
  struct Parts;
  explicit Instance(std::unique_ptr<Parts> parts);
  void reset(std::size_t put_back_from);

  std::unique_ptr<Parts> parts_;
  std::uint64_t id_;
  std::uint64_t executions_ = 0;
  Status status_ = Status::kIdle;
};

}  // namespace nexus::sandbox
