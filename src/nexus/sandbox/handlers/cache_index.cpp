#include "nexus/sandbox/handlers/cache_index.h"

#include "nexus/foundation/base/units.h"

namespace nexus::handlers {

std::uint64_t CacheIndex::charge_of(std::uint64_t file_bytes) { return pages_for(file_bytes) * kPageBytes; }

void CacheIndex::put(const CachedFile& file) {
  remove(file.name);
  files_.emplace(file.name, Use{file.bytes, file.used_ms});
  by_use_.emplace(file.used_ms, file.name);
  bytes_ += charge_of(file.bytes);
}

void CacheIndex::remove(const Digest& name) {
  const auto found = files_.find(name);
  if (found == files_.end()) return;
  bytes_ -= charge_of(found->second.bytes);
  by_use_.erase({found->second.used_ms, name});
  files_.erase(found);
}

std::optional<CachedFile> CacheIndex::least_recently_used() const {
  if (by_use_.empty()) return std::nullopt;
  const auto& [used_ms, name] = *by_use_.begin();
  return CachedFile{name, files_.find(name)->second.bytes, used_ms};
}

}  // namespace nexus::handlers
