// Which of a process's event loops owns a panel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nexus {

// Index of the loop that owns the panel. Stable across machines and releases. FNV-1a alone spreads ids badly when they differ
// only at their end; the finalizer of MurmurHash3 mends that.
inline std::size_t owner_of(std::string_view panel_id, std::size_t loops) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : panel_id)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccd;
  return (hash ^ (hash >> 33)) % loops;
}

}  // namespace nexus
