// Identifiers that the program makes, and checks of the identifiers that clients choose.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nexus {

// A UUIDv7 (RFC 9562): 48 bits of unix_ms, then random bits. Sorts by time of creation.
std::string make_uuid(std::int64_t unix_ms);

bool is_panel_id(std::string_view id);     // [A-Za-z0-9][A-Za-z0-9._-]{0,127}
bool is_tool_name(std::string_view name);  // [A-Za-z0-9_.-]{1,64}

}  // namespace nexus
