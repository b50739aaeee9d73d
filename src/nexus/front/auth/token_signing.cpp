#include "nexus/front/auth/token_signing.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <utility>

#include "nexus/foundation/base/base64.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/json/json.h"

namespace nexus::auth {
namespace {

std::string json_of(const TokenClaims& claims) {
  std::string json = fmt::format("{{\"exp\":{}", claims.expires_s);
  if (!claims.scopes.empty()) {
    std::string words;
    for (const Scope scope : claims.scopes)
      words += fmt::format("{}{}", words.empty() ? "" : " ", name(scope));
    json += ",\"scope\":";
    append_json_string(json, words);
  }
  if (!claims.panels.empty()) {
    char before = '[';
    json += ",\"panels\":";
    for (const std::string& glob : claims.panels) {
      json += std::exchange(before, ',');
      append_json_string(json, glob);
    }
    json += ']';
  }
  return json + '}';
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
