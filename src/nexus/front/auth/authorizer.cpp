#include "nexus/front/auth/authorizer.h"

#include <fmt/format.h>

#include "nexus/foundation/base/text.h"
#include "nexus/foundation/json/json.h"
#include "nexus/foundation/model/definition_ids.h"
#include "nexus/front/auth/cors.h"
#include "nexus/front/auth/token.h"
#include "nexus/front/http/query.h"

namespace nexus::auth {
namespace {

constexpr std::size_t kMostCachedTokens = 1024;  // each of at most kMostTokenBytes: 8 MiB in the worst case

bool is_open(const http::Request& request) {
  return request.route.path != nullptr && request.route.path->is_open;
}

bool leads_to_websocket(const http::Request& request) {
  return request.route.path != nullptr && request.route.path->is_websocket;
}

// A pointer without ownership, for principals that live as long as the program.
std::shared_ptr<const Principal> unowned(const Principal& principal) {
  return {std::shared_ptr<const Principal>(), &principal};
}

// The token of "Bearer TOKEN"; empty: there is none.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!is_same_word(authorization.substr(0, kScheme.size()), kScheme)) return {};
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

// A browser cannot set headers of a WebSocket request, so for those, and only those, the token may be in the query.
std::string_view token_of(const http::Request& request) {
  if (!request.authorization.empty() || !leads_to_websocket(request))
    return bearer_token(request.authorization);
  const auto token = http::find_parameter(request.query(), "token");
  return token ? token->value_or(std::string_view()) : std::string_view();
}

Error forbidden(std::string message) {
  return {.code = ErrorCode::kForbidden, .message = std::move(message)};
}

}  // namespace

const Principal& principal_of(const http::Request& request) {
  return request.principal ? *request.principal : Principal::nobody();
}

Authorizer::Authorizer(AuthorizerOptions options, const Clock& clock)
    : key_(std::move(options.jwt_key)),
      policy_(options.allowed_hosts, options.cors_origins),
      clock_(clock),
      tokens_(kMostCachedTokens) {}

Result<std::shared_ptr<const Principal>> Authorizer::admit(const http::Request& request) {
  if (!key_) {
    if (auto refusal = policy_.refuse_host(request.host); refusal && !is_open(request))
      return std::unexpected(*std::move(refusal));
  }
  if (auto refusal = policy_.refuse_origin(request.origin, request.host))
    return std::unexpected(*std::move(refusal));
  if (!key_) return unowned(Principal::anyone());

  if (is_open(request) || is_preflight(request)) return unowned(Principal::nobody());
  NEXUS_TRY(auto principal, authenticate(request));
  const http::RouteMatch& route = request.route;
  const auto scope = route.row != nullptr ? route.row->scope : std::nullopt;
  if (scope && !principal->may(*scope)) {
    return std::unexpected(forbidden(fmt::format("the token's scope does not have \"{}\"", name(*scope))));
  }
  if (scope == Scope::kAdmin && !principal->may_see_all()) {
    return std::unexpected(forbidden("the token is for some panels only, and this is about all of them"));
  }
  if (route.path != nullptr && route.path->owner == http::Owner::kPanel &&
      !principal->may_see(request.name(0))) {
    return std::unexpected(forbidden(fmt::format("the token's panels do not cover \"{}\"", request.name(0))));
  }
  return principal;
}

Result<std::shared_ptr<const Principal>> Authorizer::authenticate(const http::Request& request) {
  const std::string_view token = token_of(request);
  if (token.empty()) {
    return fail(ErrorCode::kUnauthorized,
                leads_to_websocket(request)
                    ? "this call needs a token: Authorization: Bearer TOKEN, or ?token=TOKEN"
                    : "this call needs a token: Authorization: Bearer TOKEN");
  }
  const std::int64_t now_ms = clock_.unix_ms();
  if (auto known = tokens_.find(token, now_ms)) return known;
  NEXUS_TRY(auto principal, read_token(token, *key_, now_ms));
  auto shared = std::make_shared<const Principal>(std::move(principal));
  tokens_.add(token, shared);
  return shared;
}

std::optional<Error> Authorizer::refuse_definition(const http::Request& request) {
  const Principal& principal = principal_of(request);
  if (principal.may_see_all() || check_json(request.body) != JsonError::kNone) return std::nullopt;
  const auto ids = ids_in_definition(request.body);
  if (!ids || ids->empty()) {
    return forbidden("the token is for some panels only: the new one needs an \"id\" that is one of them");
  }
  for (const std::string& id : *ids) {
    if (!principal.may_see(id)) return forbidden(fmt::format("the token's panels do not cover \"{}\"", id));
  }
  return std::nullopt;
}

// Needs no escaping: the messages about rejected tokens are our own and contain no quotes.
std::string Authorizer::challenge_of(const http::Request& request, const Error& refusal) {
  if (token_of(request).empty()) return "Bearer";
  return fmt::format(R"(Bearer error="invalid_token", error_description="{}")", refusal.message);
}

}  // namespace nexus::auth
