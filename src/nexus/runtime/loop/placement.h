// Which of a process's event loops owns a panel.
#pragma once

#include <cstddef>
#include <string_view>

namespace nexus {

// The same on every machine and at every time: FNV-1a, finished as MurmurHash3 is.
std::size_t owner_of(std::string_view panel_id, std::size_t loops);

}  // namespace nexus
