// An instance of a program: its memory, and one call at a time, run in slices so that no guest holds its thread longer
// than a few milliseconds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::engine {

enum class Progress : std::uint8_t { kYielded, kReturned, kTrapped };

// Why a guest was stopped by the engine. After one the instance is of no further use: it was interrupted anywhere.
struct Trap {
  enum class Kind : std::uint8_t { kStackOverflow, kMemoryOutOfBounds, kUnreachable, kHost, kOther };
  Kind kind = Kind::kOther;
  std::string message;              // the engine's text, or the host function's
  std::vector<std::string> frames;  // innermost first, "function @ offset"
};

// Not thread-safe; one thread at a time, slices may run on different threads.
class Instance {
 public:
  // `user` is what host functions find with user(). Instantiating takes about 30 us, plus its memory's first image.
  static Result<std::unique_ptr<Instance>> create(const Program& program, void* user);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  memory::LinearMemory& memory() { return *memory_; }
  void* user() const { return user_; }
  void set_user(void* user) { user_ = user; }

  // Makes the engine read the memory's size again. REQUIRES: at rest. Call it after the size has changed from outside.
  void memory_size_changed();

  // Begins a call of the export with this index; nothing runs yet. REQUIRES: no call in progress.
  void start(std::size_t export_index);
  // Runs one slice.
  Progress poll();
  std::int32_t returned() const;              // REQUIRES: kReturned
  const Trap& trap() const { return trap_; }  // REQUIRES: kTrapped
  // Ends the call in progress; its destructors run, nothing else of it does. The instance is of no further use.
  void cancel();
  // start and poll until the end, for what is known to be short.
  Result<std::int32_t> call(std::size_t export_index);

  // The guest's only mutable global is as it was at the start.
  bool at_rest() const;
  std::int32_t stack_pointer() const;
  // Drops what the last call used of the native stack beyond what is kept; gives how much that was.
  std::size_t trim_stack();
  // The bytes that it would drop now.
  std::size_t deep_stack_bytes() const;

  // For call_import: where on the native stack a host function runs, and why one has stopped the guest.
  void note_stack(const void* address) { stack_address_ = address; }
  void note_stopped(const char* why) { why_host_stopped_ = why; }

 private:
  struct Parts;
  Instance(std::unique_ptr<Parts> parts, void* user);

  std::unique_ptr<Parts> parts_;
  memory::LinearMemory* memory_ = nullptr;  // owned by the store
  void* user_;
  const void* stack_address_ = nullptr;
  const char* why_host_stopped_ = nullptr;
  Trap trap_;
};

}  // namespace nexus::engine
