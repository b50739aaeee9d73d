#include "nexus/front/auth/token_signing.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "nexus/foundation/base/base64.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/json/json_text.h"

namespace nexus::auth {
namespace {

std::string json_of(const TokenClaims& claims) {
  JsonObject json;
  json.add("exp", claims.expires_s);
  if (!claims.scopes.empty()) {
    std::string words;
    for (const Scope scope : claims.scopes)
      words.append(words.empty() ? "" : " ").append(name(scope));
    json.add("scope", words);
  }
  if (!claims.panels.empty()) json.add_json("panels", json_array(claims.panels, json_string));
  return json.text();
}

}  // namespace

std::optional<Hs256> hs256(std::string_view key, std::string_view text) {
  Hs256 code{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), code.data(), &size);
  if (made == nullptr || size != code.size()) return std::nullopt;
  return code;
}

std::string sign_token(const TokenClaims& claims, std::string_view key) {
  if (key.size() < config::kLeastKeyBytes) return {};
  const std::string text =
      to_base64url(R"({"alg":"HS256","typ":"JWT"})") + '.' + to_base64url(json_of(claims));
  const auto code = hs256(key, text);
  if (!code) return {};
  return text + '.' + to_base64url({reinterpret_cast<const char*>(code->data()), code->size()});
}

}  // namespace nexus::auth
