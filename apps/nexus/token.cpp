// `nexus token`: makes a token that a server with this configuration accepts.
#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "load_settings.h"
#include "nexus/foundation/base/clock.h"
#include "nexus/front/auth/token_signing.h"

namespace nexus::app {

int token(const TokenCommand& command) {
  const auto settings = load_settings(command.config);
  if (!settings) return kAskedWrongly;
  if (settings->auth.key.empty()) {
    fmt::print(stderr,
               "nexus token: AUTH_ENABLED is not true: this server uses no tokens; it needs JWT_SECRET_FILE "
               "or JWT_SECRET\n");
    return kAskedWrongly;
  }
  auth::TokenClaims claims{.panels = command.panels};
  for (const std::string& word : command.scopes)
    claims.scopes.push_back(*find_scope(word));
  claims.expires_s = SystemClock().unix_ms() / 1000 + static_cast<std::int64_t>(command.ttl_seconds);
  fmt::print("{}\n", auth::sign_token(claims, settings->auth.key));
  return kDone;
}

}  // namespace nexus::app
