// The Prefer header (RFC 7240): whether a client waits for an execution, and how long.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus::http {

struct Preferences {
  bool responds_async = false;            // respond-async
  std::optional<std::uint64_t> wait_s{};  // wait=SECONDS
};

// Ignores unknown preferences, as the RFC says.
Preferences preferences_of(std::string_view header);

}  // namespace nexus::http
