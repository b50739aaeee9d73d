// Keeps the process within its memory. It checks the memory limits a few times a second and whenever the kernel reports
// a change, gives up idle instances and images when memory gets scarce, and releases unused memory after a storm.
//
// Thread safety: none; it belongs to the first loop.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "exit_record.h"
#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/system/pressure_watch.h"
#include "nexus/runtime/loop/loop.h"
#include "rest_policy.h"
#include "serving_loop.h"

namespace nexus::app {

class Reclaimer {
 public:
  // All arguments must outlive it.
  Reclaimer(std::span<const std::unique_ptr<ServingLoop>> loops, budget::MemoryMonitor& monitor,
            system::PressureWatch& watch, budget::Ledger& ledger, const Clock& clock, ExitRecord& record);

  void start();
  void stop();
  // Marks the exit as clean. REQUIRES: called on the first loop's thread, or when no loop runs any more.
  void say_goodbye() { record_.remove(); }

 private:
  Task<void> keep();
  Task<void> follow();
  void tick();
  void look(bool is_resting, std::string_view reason);
  bool is_at_rest() const;
  void give_back_idle_memory();
  void tidied(bool has_more);
  void record();
  void ask_for_handlers();
  void name_handlers();

  std::span<const std::unique_ptr<ServingLoop>> loops_;
  budget::MemoryMonitor& monitor_;
  system::PressureWatch& watch_;
  budget::Ledger& ledger_;
  const Clock& clock_;
  ExitRecord& record_;
  Timer timer_;
  Timer pause_;
  boost::asio::posix::basic_stream_descriptor<Executor> events_;  // closed: no events
  std::optional<std::uint64_t> container_limit_bytes_;            // at the last check
  std::vector<std::vector<metrics::HandlerUse>> hungriest_;  // the handlers with the most bytes, of each loop
  std::uint64_t started_ = 0;                                // executions and loads, since the start
  std::uint64_t asked_started_ = 0, asked_ms_ = 0;           // when the loops were last asked for handlers
  RestPolicy policy_;
  std::size_t tidying_ = 0;  // loops that are releasing unused memory
  bool is_stopped_ = false;
};

// Large blocks go back to the kernel when they are freed, and the heap has at most one arena more than there are loops.
// REQUIRES: called before the first large allocation.
void set_up_allocator(std::size_t loops);

}  // namespace nexus::app
