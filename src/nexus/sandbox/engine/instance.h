// An instance of a program: its memory and one call at a time. A call runs in slices, so that a guest never holds its
// thread longer than a few milliseconds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::engine {

enum class Progress : std::uint8_t { kYielded, kReturned, kTrapped };

// The reason why the engine stopped a guest. The instance cannot be used afterwards: the guest may have stopped
// anywhere.
struct Trap {
  enum class Kind : std::uint8_t { kStackOverflow, kMemoryOutOfBounds, kUnreachable, kHost, kOther };
  Kind kind = Kind::kOther;
  std::string message;              // the engine's text, or the host function's
  std::vector<std::string> frames;  // innermost first, "function @ offset"
};

// Not thread-safe: one thread at a time, but slices may run on different threads.
class Instance {
 public:
  // `user` is passed to host functions, by user(). Takes about 30 us, plus the copy of the memory's first image.
  static Result<std::unique_ptr<Instance>> create(const Program& program, void* user);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  memory::LinearMemory& memory() { return *memory_; }
  void* user() const { return user_; }
  void set_user(void* user) { user_ = user; }

  // Makes the engine read the memory's size again; call it after another part has changed the size. REQUIRES: at
  // rest.
  void memory_size_changed();

  // Begins a call of the export with this index without running it. REQUIRES: no call in progress.
  void start(std::size_t export_index);
  // Runs one slice.
  Progress poll();
  std::int32_t returned() const;              // REQUIRES: kReturned
  const Trap& trap() const { return trap_; }  // REQUIRES: kTrapped
  // Ends the call in progress: runs its destructors and nothing else. The instance cannot be used afterwards.
  void cancel();
  // start(), then poll() until the end; for calls that are known to be short.
  Result<std::int32_t> call(std::size_t export_index);

  // True if the guest's only mutable global has its initial value.
  bool at_rest() const;
  std::int32_t stack_pointer() const;
  // Releases the native stack that the last call used beyond the kept part; returns its bytes.
  std::size_t trim_stack();
  // The bytes that trim_stack() would release now.
  std::size_t deep_stack_bytes() const;

  // For call_import: the native stack address of a host function, and its reason to stop the guest.
  void note_stack(const void* address) { stack_address_ = address; }
  void offer_end_of_slice() const;
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
