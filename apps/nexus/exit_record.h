// The crash record of this process, kept current in CACHE_DIR for the one that starts next; and those of the ones before.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/diagnostics/crash_record.h"
#include "nexus/foundation/metrics/handler_use.h"
#include "nexus/runtime/exposition/memory_facts.h"

namespace nexus::app {

// Of processes that ended without a goodbye: each is logged, and told once. To be called before the process has a record
// of its own.
std::vector<exposition::UncleanNotice> take_unclean_exits(const std::string& folder);

struct InProgress {
  std::uint64_t running = 0, queued = 0;  // executions
};

// Thread safety: none; it belongs to the first loop.
class ExitRecord {
 public:
  // Without a folder nothing is recorded, and where it cannot be had there is a warning.
  ExitRecord(const std::string& folder, const Clock& clock);

  // Those that hold or have needed the most bytes, the most first; part of every update() from now on.
  void name_handlers(std::span<const metrics::HandlerUse> top);
  static constexpr std::size_t kHandlers = std::tuple_size_v<decltype(diagnostics::Record::top_handlers)>;
  // Under 3 us and no system call but for the time.
  void update(const budget::MemoryView& view, const budget::Ledger& ledger, const InProgress& in_progress);
  // The process ends as it should; nothing is recorded from then on. Its own end is that as well.
  void remove() { crash_record_.reset(); }

 private:
  const Clock& clock_;
  std::unique_ptr<diagnostics::CrashRecord> crash_record_;
  diagnostics::Record record_;
};

}  // namespace nexus::app
