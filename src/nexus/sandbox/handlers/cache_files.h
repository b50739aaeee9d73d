// What the disk cache wants of a folder. cache_folder.h is the one on disk; tests have one that fails when they say so.
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
  std::int64_t used_ms = 0;  // when it was written or read last, in Unix time
};

// While it lives, nobody else changes the folder: no other process, and no other object in this one.
class CacheTurn {
 public:
  virtual ~CacheTurn() = default;
  // Counts the turns that the folder has had. A turn with the number after that of one's own last: nobody else has changed
  // anything in between.
  virtual std::uint64_t number() const = 0;
};

// Thread-safe. What changes the folder, but for the time of use, wants a turn to be held.
class CacheFiles {
 public:
  virtual ~CacheFiles() = default;
  virtual std::string_view path() const = 0;
  virtual bool is_in_memory() const = 0;  // as on a tmpfs: its files are memory of the container

  // The whole file, and marks it as used at `now_ms`.
  virtual Attempt<std::vector<std::byte>> read(const Digest& name, std::int64_t now_ms) = 0;
  virtual Attempt<std::vector<CachedFile>> list() = 0;
  virtual Attempt<CachedFile> look_at(const Digest& name) = 0;

  // Waits for others, but not for long: timed_out.
  virtual Attempt<std::unique_ptr<CacheTurn>> take_turn() = 0;
  // The whole file or nothing of it; one of that name is replaced.
  virtual Attempt<void> write(const Digest& name, std::span<const std::byte> bytes, std::int64_t now_ms) = 0;
  virtual Attempt<void> remove(const Digest& name) = 0;
};

}  // namespace nexus::handlers
