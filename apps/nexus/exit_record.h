// The crash record of this process, kept current in CACHE_DIR for the next process, and the records of earlier
// processes.
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

// Reads and removes the records of processes that had no clean exit, and logs each. REQUIRES: called before this
// process has a record.
std::vector<exposition::UncleanNotice> take_unclean_exits(const std::string& folder);

struct InProgress {
  std::uint64_t running = 0, queued = 0;  // executions
};

// Thread safety: none; it belongs to the first loop.
class ExitRecord {
 public:
  // An empty folder: no record. A folder that cannot be used: a warning, and no record.
  ExitRecord(const std::string& folder, const Clock& clock);

  // Stores the handlers that hold or needed the most bytes, sorted by bytes, highest first. Each later update() writes
  // them.
  void name_handlers(std::span<const metrics::HandlerUse> top);
  static constexpr std::size_t kHandlers = std::tuple_size_v<decltype(diagnostics::Record::top_handlers)>;
  // Writes the record. Takes less than 3 us, and makes no system call except to read the clock.
  void update(const budget::MemoryView& view, const budget::Ledger& ledger, const InProgress& in_progress);
  // Removes the record: the exit is clean. update() writes nothing from then on. The destructor does the same.
  void remove() { crash_record_.reset(); }

 private:
  const Clock& clock_;
  std::unique_ptr<diagnostics::CrashRecord> crash_record_;
  diagnostics::Record record_;
};

}  // namespace nexus::app
