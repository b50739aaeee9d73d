// The file operations of the disk cache. cache_folder.h implements them on disk; tests have an implementation that
// fails on request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "nexus/foundation/base/digest.h"

namespace nexus::handlers {

template <class T>
using Attempt = std::expected<T, std::error_code>;

struct CachedFile {
  Digest name;
  std::uint64_t bytes = 0;
  std::int64_t used_ms = 0;  // last write or read, in Unix time
};

// Exclusive access to the folder: while it exists, no other process and no other object in this one changes the
// folder.
class CacheTurn {
 public:
  virtual ~CacheTurn() = default;
  // The count of turns in the folder. If it is one more than that of the caller's previous turn, nobody else has
  // changed the folder in between.
  virtual std::uint64_t number() const = 0;
};

// Thread-safe. Changes to the folder, except to the time of use, require a turn.
class CacheFiles {
 public:
  virtual ~CacheFiles() = default;
  virtual std::string_view path() const = 0;
  virtual bool is_in_memory() const = 0;  // true on a tmpfs: its files count against the container's memory

  // Reads the whole file and sets its time of use to `now_ms`.
  virtual Attempt<std::vector<std::byte>> read(const Digest& name, std::int64_t now_ms) = 0;
  virtual Attempt<std::vector<CachedFile>> list() = 0;
  virtual Attempt<CachedFile> look_at(const Digest& name) = 0;

  // Waits a limited time for other holders, then fails with timed_out.
  virtual Attempt<std::unique_ptr<CacheTurn>> take_turn() = 0;
  // Writes the whole file or nothing; replaces a file of the same name.
  virtual Attempt<void> write(const Digest& name, std::span<const std::byte> bytes, std::int64_t now_ms) = 0;
  virtual Attempt<void> remove(const Digest& name) = 0;
};

}  // namespace nexus::handlers
