// Which of a process's event loops owns a panel.
#pragma once

#include <cstddef>
#include <string_view>

namespace nexus {

// Index of the loop that owns the panel. Stable across machines and releases: FNV-1a with the finalizer of MurmurHash3.
std::size_t owner_of(std::string_view panel_id, std::size_t loops);

}  // namespace nexus
