// What a process that the kernel kills can no longer say: a small file that is mapped while the process runs, kept current,
// and removed when it ends as it should. Who starts next finds the files of those that did not.
//
//   folder/last-words-PID-RANDOM, 4 KiB      │ slot 0: checksum, sequence, Record │ slot 1: the same │
//
// Each update writes the slot that is older, so that a process killed in the middle of it leaves the other one whole. The
// pages are the kernel's: they outlive the process, not a loss of power. Whether a file's process lives is known by its lock
// (flock), which the kernel drops with the process; ids of processes mean nothing between containers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"

namespace nexus::diagnostics {

// Text of at most `Bytes` bytes, in place; what is longer is cut.
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
  ShortText<96> name;         // "panel/tool"; empty: there is none
  std::uint64_t bytes = 0;    // that those which run hold; if none does, that one has needed at most
  std::uint64_t running = 0;  // executions of it
};

// All bytes of it are written and checked as they are: numbers of 64 bits and texts in place only. 0: unknown.
struct Record {
  std::int64_t pid = 0;
  std::int64_t started_unix_ms = 0;
  std::int64_t written_unix_ms = 0;
  ShortText<32> version;

  // Of MemoryLimits.
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
  // Makes the file, and the folder if only its last part is missing. Fails with the kernel's word where that cannot be.
  static Result<std::unique_ptr<CrashRecord>> create(const std::string& folder);
  // Removes the file: the process ends as it should.
  ~CrashRecord();
  CrashRecord(const CrashRecord&) = delete;
  CrashRecord& operator=(const CrashRecord&) = delete;

  // Under 2 us and no system call.
  void update(const Record& record);

  const std::string& path() const { return path_; }

 private:
  CrashRecord(std::string path, int file, void* mapped)
      : path_(std::move(path)), file_(file), mapped_(mapped) {}

  std::string path_;
  int file_;  // holds the lock
  void* mapped_;
  std::uint64_t sequence_ = 0;
};

struct UncleanExit {
  std::string file;  // its name, for the log
  std::optional<Record>
      record;  // none: it is damaged, of another version, or the process ended before it wrote
};

// The files of processes that have ended without removing theirs: each is taken by one caller, and removed. Files that
// are not this user's own are left alone. Never fails; without a folder there is none. Call it before create().
std::vector<UncleanExit> take_unclean(const std::string& folder);

}  // namespace nexus::diagnostics
