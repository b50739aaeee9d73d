// A folder of the disk cache in memory that fails on request. Several CacheFiles can share one folder.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <vector>

#include "nexus/sandbox/handlers/cache_index.h"

namespace nexus::handlers {

struct FakeFolder {
  struct File {
    std::vector<std::byte> bytes;
    std::int64_t used_ms;
  };
  std::mutex mutex;
  std::map<Digest, File> files;
  std::uint64_t turns = 0;
  std::uint64_t most_bytes_ever = 0;  // in whole pages
  std::uint64_t lists = 0;
  bool is_in_memory = false;
  // The error of each operation, if any.
  std::optional<std::errc> reading, writing, removing, listing, turning;

  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : files)
      sum += CacheIndex::charge_of(file.bytes.size());
    return sum;
  }
};

class FakeFiles final : public CacheFiles {
 public:
  explicit FakeFiles(FakeFolder& folder) : folder_(folder) {}
  std::string_view path() const override { return "/fake"; }
  bool is_in_memory() const override { return folder_.is_in_memory; }

  Attempt<std::vector<std::byte>> read(const Digest& name, std::int64_t now_ms) override {
    const std::lock_guard lock(folder_.mutex);
    if (folder_.reading) return failed(*folder_.reading);
    const auto found = folder_.files.find(name);
    if (found == folder_.files.end()) return failed(std::errc::no_such_file_or_directory);
    found->second.used_ms = now_ms;
    return found->second.bytes;
  }
  Attempt<std::vector<CachedFile>> list() override {
    const std::lock_guard lock(folder_.mutex);
    ++folder_.lists;
    if (folder_.listing) return failed(*folder_.listing);
    std::vector<CachedFile> all;
    for (const auto& [name, file] : folder_.files)
      all.push_back({name, file.bytes.size(), file.used_ms});
    return all;
  }
  Attempt<CachedFile> look_at(const Digest& name) override {
    const std::lock_guard lock(folder_.mutex);
    const auto found = folder_.files.find(name);
    if (found == folder_.files.end()) return failed(std::errc::no_such_file_or_directory);
    return CachedFile{name, found->second.bytes.size(), found->second.used_ms};
  }
  Attempt<std::unique_ptr<CacheTurn>> take_turn() override {
    const std::lock_guard lock(folder_.mutex);
    if (folder_.turning) return failed(*folder_.turning);
    return std::make_unique<Turn>(++folder_.turns);
  }
  Attempt<void> write(const Digest& name, std::span<const std::byte> bytes, std::int64_t now_ms) override {
    const std::lock_guard lock(folder_.mutex);
    if (folder_.writing) return failed(*folder_.writing);
    // While a file is written, the file that it replaces still exists.
    folder_.most_bytes_ever =
        std::max(folder_.most_bytes_ever, folder_.bytes() + CacheIndex::charge_of(bytes.size()));
    folder_.files.insert_or_assign(name, FakeFolder::File{{bytes.begin(), bytes.end()}, now_ms});
    return {};
  }
  Attempt<void> remove(const Digest& name) override {
    const std::lock_guard lock(folder_.mutex);
    if (folder_.removing) return failed(*folder_.removing);
    folder_.files.erase(name);
    return {};
  }

 private:
  struct Turn final : CacheTurn {
    explicit Turn(std::uint64_t n) : n_(n) {}
    std::uint64_t number() const override { return n_; }
    std::uint64_t n_;
  };
  static std::unexpected<std::error_code> failed(std::errc why) {
    return std::unexpected(std::make_error_code(why));
  }
  FakeFolder& folder_;
};

}  // namespace nexus::handlers
