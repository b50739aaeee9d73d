#include "nexus/front/auth/token.h"

#include <openssl/crypto.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/base64.h"
#include "nexus/foundation/base/text.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/json/json_reading.h"
#include "nexus/front/auth/token_signing.h"

namespace nexus::auth {
namespace {

namespace dom = simdjson::dom;

// The end of the year 9999. A later expiry counts as none.
constexpr double kLastSecond = 253'402'300'799;

constexpr std::string_view kNotOurs = "the token is not valid here";

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::kUnauthorized, std::string(why));
}

// Uses HS256 whatever the token's header says: a token must not choose the algorithm.
bool is_signed_by(std::string_view key, std::string_view text, std::string_view signature) {
  const auto given = from_base64url(signature);
  if (!given || given->size() != Hs256().size() || key.size() < config::kLeastKeyBytes) return false;
  const auto wanted = hs256(key, text);
  return wanted && CRYPTO_memcmp(given->data(), wanted->data(), wanted->size()) == 0;
}

// A JSON object of a token with a valid signature. Repeated members and members of a wrong type are errors, because
// another reader might take them differently.
class Claims {
 public:
  explicit Claims(dom::object object) : object_(object) {}

  // Sets the error when the name occurs more than once.
  std::optional<dom::element> find(std::string_view name) {
    std::optional<dom::element> found;
    for (const auto& [key, value] : object_) {
      if (key != name) continue;
      if (found) set_error("a claim of the token is there twice");
      found = value;
    }
    return found;
  }

  std::optional<double> seconds(std::string_view name) {
    const auto claim = find(name);
    if (!claim) return std::nullopt;
    double value = 0;
    if (claim->get(value) != simdjson::SUCCESS) {
      set_error("exp and nbf of a token must be numbers of seconds");
      return std::nullopt;
    }
    return std::clamp(value, -kLastSecond, kLastSecond);
  }

  ScopeSet scopes() {
    const auto claim = find("scope");
    if (!claim) return kAllScopes;
    ScopeSet scopes;
    std::string_view words;
    if (claim->get(words) != simdjson::SUCCESS) set_error("scope of a token must be a text");
    while (!words.empty()) {
      if (const auto scope = find_scope(take_until(words, ' '))) scopes.add(*scope);
    }
    return scopes;
  }

  std::optional<std::vector<std::string>> panels() {
    const auto claim = find("panels");
    if (!claim) return std::nullopt;
    std::vector<std::string> globs;
    dom::array list;
    if (claim->get(list) != simdjson::SUCCESS) {
      set_error("panels of a token must be an array of texts");
      return globs;
    }
    for (const dom::element element : list) {
      std::string_view glob;
      if (element.get(glob) != simdjson::SUCCESS) set_error("panels of a token must be an array of texts");
      globs.emplace_back(glob);
    }
    return globs;
  }

  void set_error(std::string_view error) { error_ = error; }
  std::string_view error() const { return error_; }

 private:
  dom::object object_;
  std::string_view error_;  // empty: none
};

Result<Principal> read_claims(Claims claims, std::int64_t now_ms) {
  const auto expires = claims.seconds("exp"), starts = claims.seconds("nbf");
  const ScopeSet scopes = claims.scopes();
  auto panels = claims.panels();
  if (!claims.error().empty()) return refuse(claims.error());
  if (!expires) return refuse("a token must have exp, the time when it expires");
  const auto in_ms = [](double seconds) { return static_cast<std::int64_t>(std::floor(seconds * 1000)); };
  const std::int64_t expires_ms = in_ms(*expires) + kTokenLeewayMs;
  if (now_ms >= expires_ms) return refuse("the token has expired");
  if (starts && now_ms < in_ms(*starts) - kTokenLeewayMs) return refuse("the token is not valid yet");
  return Principal(scopes, std::move(panels), expires_ms);
}

// `crit` lists extensions that a reader must support. This server supports none, so it rejects such tokens.
bool is_our_head(Claims head) {
  const auto algorithm = head.find("alg");
  std::string_view name;
  const bool is_text = algorithm && algorithm->get(name) == simdjson::SUCCESS;
  return is_text && name == "HS256" && !head.find("crit") && head.error().empty();
}

}  // namespace

Result<Principal> read_token(std::string_view token, std::string_view key, std::int64_t now_ms) {
  const auto first = token.find('.'), last = token.rfind('.');
  if (token.size() > kMostTokenBytes || first == last) return refuse(kNotOurs);
  // Verifies the signature before it parses anything.
  if (!is_signed_by(key, token.substr(0, last), token.substr(last + 1))) return refuse(kNotOurs);
  const auto head = from_base64url(token.substr(0, first));
  const auto body = from_base64url(token.substr(first + 1, last - first - 1));
  if (!head || !body) return refuse(kNotOurs);
  dom::parser head_parser, body_parser;
  dom::object head_object, body_object;
  if (!is_parsed(head_parser.parse(*head).get(head_object)) || !is_our_head(Claims(head_object))) {
    return refuse("the token must be signed with HS256");
  }
  if (!is_parsed(body_parser.parse(*body).get(body_object))) {
    return refuse("the token's claims are not valid JSON");
  }
  return read_claims(Claims(body_object), now_ms);
}

}  // namespace nexus::auth
