// One WebAssembly memory with an interpreter in it, which runs one execution at a time and is pristine between them.
//
//   idle ──start()────────────► running ──step() == kDone──► finished ──finish()───► idle
//        ──restore()─resume()──►   │                            └─waits()─suspend()──► idle
//                                  │ cancel(), a trap, a timeout                      │ reset could not be proven
//                                  └──────────────────► finished ──finish()──► terminated (the pool drops it)
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

class Runtime;  // what all instances share: see runtime.h

// What an idle instance keeps beside its linear memory: the engine's store, the part of its native stack that stays, page
// tables. Measured over a thousand of them.
inline constexpr std::size_t kInstanceOverheadBytes = 96 * 1024;

enum class Step : bool { kMore, kDone };

class Instance {
 public:
  enum class Status : std::uint8_t { kIdle, kRunning, kFinished, kTerminated };

  // kOverloaded when there is no room for one more.
  static Result<std::unique_ptr<Instance>> create(Runtime& runtime);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // REQUIRES: idle.
  void start(ExecutionRequest request);
  // Runs one slice: a few milliseconds at most. Of what waits then, copies what it has changed out of the memory, for a
  // millisecond at most; it has ended when there is no memory for that. REQUIRES: running.
  Step step();
  // How long the execution has run, without what passed between its slices.
  std::uint64_t running_us() const;
  // When maxWallMs is over, by the monotonic clock; the next slice ends it then.
  std::uint64_t due_us() const;
  // Ends the execution as `code` (kCancelled, kTimeout); nothing of it runs any more. REQUIRES: running.
  void cancel(ErrorCode code, std::string message);
  // The outcome; puts the memory back. REQUIRES: finished.
  ExecutionResult finish();

  // The segment is over and the execution is not: it waits for a call that it has made, and has been copied. REQUIRES:
  // finished.
  bool waits() const;
  // Gives what was copied, and puts the memory back. REQUIRES: waits().
  Segment suspend();
  // Copies an execution that waits into the memory, for a millisecond at most; `request` is as for start(), without arguments
  // and scope. kDone: it can be resumed. An error: there is no memory for it now, and nothing has changed. reset() gives it up.
  // REQUIRES: idle.
  Result<Step> restore(const Suspended& suspended, ExecutionRequest request);
  // REQUIRES: the last gave kMore.
  Result<Step> restore_more(const Suspended& suspended);
  // Goes on with it after one of its calls was settled. REQUIRES: all of it has been put in.
  void resume(Suspended& suspended, const CallAnswer& answer);

  // start, all steps, finish.
  ExecutionResult execute(ExecutionRequest request);

  // Loads a handler: its source becomes an image. Same steps as an execution; limits: memory and timeout.
  // REQUIRES: idle.
  void start_load(std::string_view source, const Limits& limits);
  // Asked before the image is made: what it keeps at most.
  using MayKeep = std::function<Result<void>(std::uint64_t most_bytes)>;
  // kCompilationError, kInvalidHandler, kTimeout, kMemoryLimit, those of `may_keep`. REQUIRES: finished after start_load.
  Result<std::shared_ptr<const memory::Image>> finish_load(const MayKeep& may_keep = nullptr);

  // Puts the memory back to its image. finish() does it by itself.
  void reset();
  // No further use; gives the memory back now.
  void terminate();

  std::uint64_t id() const { return id_; }
  Status state() const { return status_; }
  std::uint64_t memory_used() const;  // what is charged for it: resident, or about to be
  std::uint64_t memory_peak() const;  // the highest memoryPeakBytes of its executions
  std::uint64_t executions() const { return executions_; }
  // Compares the whole memory with its image: what reset() has to achieve. For tests; about 50 us a MiB.
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
