// Keeps the process within its memory: looks at the limits a few times a second and whenever the kernel says that one may have
// moved, gives back what is idle when room gets scarce, and what a storm has left when it is over.
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
  // All must outlive it.
  Reclaimer(std::span<const std::unique_ptr<ServingLoop>> loops, budget::MemoryMonitor& monitor,
            system::PressureWatch& watch, budget::Ledger& ledger, const Clock& clock, ExitRecord& record);

  void start();
  void stop();
  // The process ends as it should. REQUIRES: the first loop's thread, or no loop runs any more.
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
  boost::asio::posix::basic_stream_descriptor<Executor> events_;  // closed: nothing is watched
  std::optional<std::uint64_t> container_limit_bytes_;            // as it was last looked at
  std::vector<std::vector<metrics::HandlerUse>> hungriest_;       // of each loop
  std::uint64_t started_ = 0;                                     // executions and loads, since the start
  std::uint64_t asked_started_ = 0, asked_ms_ = 0;                // as the loops were asked for handlers last
  RestPolicy policy_;
  std::size_t tidying_ = 0;  // loops that are giving back what they keep for nobody
  bool is_stopped_ = false;
};

// To be called before the first allocation that matters: large blocks go back to the kernel when they are freed, and
// there are no more heaps than loops.
void set_up_allocator(std::size_t loops);

}  // namespace nexus::app
