// Makes tokens for `nexus token`, which read_token() accepts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/model/principal.h"

namespace nexus::auth {

// The rights of a token.
struct TokenClaims {
  std::vector<Scope> scopes{};        // none: all scopes
  std::vector<std::string> panels{};  // globs of ids; none: all panels
  std::int64_t expires_s = 0;         // Unix time
};

// A JSON Web Token with HS256. Empty when the key is shorter than config::kLeastKeyBytes.
std::string sign_token(const TokenClaims& claims, std::string_view key);

using Hs256 = std::array<unsigned char, 32>;
// HMAC-SHA-256; none when OpenSSL fails.
std::optional<Hs256> hs256(std::string_view key, std::string_view text);

}  // namespace nexus::auth
