// Makes tokens as read_token() takes them, for `nexus token`.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/model/principal.h"

namespace nexus::auth {

// What a token says that its holder may do.
struct TokenClaims {
  std::vector<Scope> scopes{};        // none: all
  std::vector<std::string> panels{};  // globs of ids; none: all panels
  std::int64_t expires_s = 0;         // Unix time
};

// JSON Web Token, signed with HS256. A key of fewer than config::kLeastKeyBytes signs nothing: empty.
std::string sign_token(const TokenClaims& claims, std::string_view key);

using Hs256 = std::array<unsigned char, 32>;
// HMAC with SHA-256; nullopt when it cannot be had.
std::optional<Hs256> hs256(std::string_view key, std::string_view text);

}  // namespace nexus::auth
