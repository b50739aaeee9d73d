// The crash record: a small mapped file that a process keeps current while it runs and removes on a clean exit. The
// next process finds the records of processes that the kernel killed.
//
//   folder/last-words-PID-RANDOM, 4 KiB      │ slot 0: checksum, sequence, Record │ slot 1: the same │
//
// Each update overwrites the older slot, so a process killed during an update leaves the other slot whole. The page
// cache keeps the pages after the process has ended, but not over a loss of power. The file's lock (flock) tells
// whether its process lives: the kernel releases the lock with the process, while process ids mean nothing between
// containers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nexus/foundation/base/descriptor.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"

namespace nexus::diagnostics {

// Text of at most `Bytes` bytes, stored in place; longer text is cut.
template <std::size_t Bytes>
class ShortText {
 public:
  ShortText& operator=(std::string_view text) {
    bytes_.fill('\0');
    text.substr(0, Bytes).copy(bytes_.data(), Bytes);
    return *this;
  }
  std::string_view view() const {
    const std::string_view all(bytes_.data(), Bytes);
    return all.substr(0, all.find('\0'));
  }

 private:
  std::array<char, Bytes> bytes_{};
};

struct HandlerUse {
  ShortText<96> name;         // "panel/tool"; empty: an unused entry
  std::uint64_t bytes = 0;    // held by its running executions; without any, the most that one has needed
  std::uint64_t running = 0;  // executions
};

// Written and checksummed as raw bytes: 64-bit numbers and in-place texts only. 0 means unknown.
struct Record {
  std::int64_t pid = 0;
  std::int64_t started_unix_ms = 0;
  std::int64_t written_unix_ms = 0;
  ShortText<32> version;

  // From MemoryLimits.
  std::uint64_t container_limit_bytes = 0;  // 0: none
  std::uint64_t working_set_bytes = 0;
  std::uint64_t neighbours_bytes = 0;
  std::uint64_t machine_total_bytes = 0;
  std::uint64_t machine_available_bytes = 0;
  std::uint64_t budget_bytes = 0;
  std::uint64_t reserve_bytes = 0;
  std::uint64_t grantable_bytes = 0;

  std::uint64_t resident_bytes = 0;                                 // of the process
  std::array<std::uint64_t, budget::kKindCount> accounted_bytes{};  // by Kind
  std::uint64_t executions_running = 0;
  std::uint64_t executions_queued = 0;
  std::array<HandlerUse, 12> top_handlers{};  // most bytes first
};

// Not thread-safe.
class CrashRecord {
 public:
  // Creates the file, and the folder if only its last part is missing. On failure the error has the kernel's reason.
  static Result<std::unique_ptr<CrashRecord>> create(const std::string& folder);
  // Removes the file: this is a clean exit.
  ~CrashRecord();
  CrashRecord(const CrashRecord&) = delete;
  CrashRecord& operator=(const CrashRecord&) = delete;

  // Takes less than 2 us and no system call.
  void update(const Record& record);

  const std::string& path() const { return path_; }

 private:
  CrashRecord(std::string path, Descriptor file, void* mapped)
      : path_(std::move(path)), file_(std::move(file)), mapped_(mapped) {}

  std::string path_;
  Descriptor file_;  // holds the lock
  void* mapped_;
  std::uint64_t sequence_ = 0;
};

struct UncleanExit {
  std::string file;              // its name, for the log
  std::optional<Record> record;  // none if damaged, of another version, or never written
};

// Removes and returns the records of processes that ended without a clean exit. Each record goes to one caller only.
// Files of other users are left alone. Never fails; without the folder it returns none. Call it before create().
std::vector<UncleanExit> take_unclean(const std::string& folder);

}  // namespace nexus::diagnostics
