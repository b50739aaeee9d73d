// JSON Web Tokens with HS256; other algorithms are rejected.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/principal.h"

namespace nexus::auth {

inline constexpr std::size_t kMostTokenBytes = 8 << 10;  // longer tokens are rejected unread
inline constexpr std::int64_t kTokenLeewayMs =
    60'000;  // the most by which the clocks of issuer and server may differ

// The principal of a token. `now_ms` is Unix time; `Caller::expires_ms` includes the leeway. kUnauthorized when the
// signature is wrong, the token is not valid now, or its claims cannot be read. The message gives details only when the
// signature is right, and never repeats a part of the token. A key shorter than config::kLeastKeyBytes verifies
// nothing.
Result<Principal> read_token(std::string_view token, std::string_view key, std::int64_t now_ms);

}  // namespace nexus::auth
