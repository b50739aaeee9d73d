// Keeps the process within its memory: looks at the walls a few times a second, gives back what is idle when room gets
// scarce, and what a storm has left when it is over.
//
// Thread safety: none; it belongs to the first loop.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "exit_record.h"
#include "nexus/budget/keeper.h"
#include "nexus/server/loop.h"
#include "shard.h"

namespace nexus::app {

class MemoryKeeping {
 public:
  // All must outlive it.
  MemoryKeeping(std::span<const std::unique_ptr<Shard>> shards, budget::Keeper& keeper,
                budget::Ledger& ledger, const Clock& clock, ExitRecord& record);

  void start();
  void stop();
  // The process ends as it should. REQUIRES: the first loop's thread, or no loop runs any more.
  void say_goodbye() { record_.remove(); }

 private:
  server::Task<void> keep();
  void tick();
  bool is_at_rest() const;
  void give_back_idle_memory();
  void record();

  std::span<const std::unique_ptr<Shard>> shards_;
  budget::Keeper& keeper_;
  budget::Ledger& ledger_;
  const Clock& clock_;
  ExitRecord& record_;
  server::Timer timer_;
  std::uint64_t looked_ms_ = 0;
  std::uint64_t busy_ms_ = 0;  // when something ran last
  bool is_tidy_ = true;        // since it ran, what was left has been given back
  bool is_stopped_ = false;
};

// To be called before the first allocation that matters: large blocks go back to the kernel when they are freed, and
// there are no more heaps than loops.
void set_up_allocator(std::size_t loops);

}  // namespace nexus::app
