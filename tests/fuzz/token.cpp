// A bearer token. After the first byte: an even one, the whole token; an odd one, its claims, to which we give a signature.
#include "nexus/front/auth/token.h"
#include "fuzz.h"
#include "nexus/foundation/base/base64.h"
#include "nexus/front/auth/token_signing.h"

void fuzz(std::string_view input) {
  namespace auth = nexus::auth;
  constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
  constexpr std::int64_t kNow = 1'800'000'000'000;
  const bool is_signed = nexus::fuzzing::take_byte(input) % 2 != 0;
  std::string token(input);
  if (is_signed) {
    token = nexus::to_base64url(R"({"alg":"HS256"})") + '.' + nexus::to_base64url(input);
    const auto code = auth::hs256(kKey, token);
    token += '.' + nexus::to_base64url({reinterpret_cast<const char*>(code->data()), code->size()});
  }
  const auto principal = auth::read_token(token, kKey, kNow);
  nexus::fuzzing::require(is_signed || !principal);
  nexus::fuzzing::require(!principal || principal->expires_ms() > kNow);
}
