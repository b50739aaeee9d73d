// The Prefer header (RFC 7240): whether a client wants to wait, and for how long.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus::http {

struct Preferences {
  bool responds_async = false;            // respond-async
  std::optional<std::uint64_t> wait_s{};  // wait=SECONDS
};

// What is not understood is left out, as the standard has it.
Preferences preferences_of(std::string_view header);

}  // namespace nexus::http
