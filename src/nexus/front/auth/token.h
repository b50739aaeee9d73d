// JSON Web Tokens, signed with HS256 and nothing else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/principal.h"

namespace nexus::auth {

inline constexpr std::size_t kMostTokenBytes = 8 << 10;  // longer ones are not looked at
inline constexpr std::int64_t kTokenLeewayMs = 60'000;   // how far the issuer's clock and ours may be apart

// Who the token speaks for. `now_ms` is Unix time; `Principal::expires_ms` has the leeway in it. kUnauthorized when it is
// not ours, is not valid now, or says what we can't read. Only who holds a token that is signed learns what is wrong
// with it; the text never repeats any of it. A key of fewer than config::kLeastKeyBytes
// verifies nothing.
Result<Principal> read_token(std::string_view token, std::string_view key, std::int64_t now_ms);

}  // namespace nexus::auth
