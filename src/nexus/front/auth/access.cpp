#include "nexus/front/auth/access.h"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>

#include "nexus/foundation/json/json.h"
#include "nexus/foundation/model/definition_ids.h"
#include "nexus/front/auth/cors.h"
#include "nexus/front/auth/token.h"
#include "nexus/front/http/query.h"

namespace nexus::auth {
namespace {

constexpr std::size_t kMostCachedTokens = 1024;  // of kMostTokenBytes at most: 8 MiB in the worst case

// Probes and scrapers have no token and use whatever name they were given; what they read names no panel.
bool is_open(http::Resource resource) {
  return resource == http::Resource::kHealth || resource == http::Resource::kLive ||
         resource == http::Resource::kReady || resource == http::Resource::kMetrics ||
         resource == http::Resource::kDescription;
}

// Callers that live as long as the program: nothing is counted.
std::shared_ptr<const Caller> unowned(const Caller& caller) {
  return {std::shared_ptr<const Caller>(), &caller};
}

// The token of "Bearer TOKEN"; empty when there is none.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  const auto scheme = authorization.substr(0, kScheme.size());
  if (!boost::beast::iequals({scheme.data(), scheme.size()}, {kScheme.data(), kScheme.size()})) return {};
  authorization.remove_prefix(kScheme.size());
  authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
  return authorization;
}

// A browser's WebSocket can send no header of its own, so there, and only there, the query may have it.
std::string_view token_of(const http::Request& request, const http::Route& route) {
  if (!request.authorization.empty() || route.resource != http::Resource::kSocket)
    return bearer_token(request.authorization);
  const auto token = http::find_parameter(route.query, "token");
  return token ? token->value_or(std::string_view()) : std::string_view();
}

Error forbidden(std::string message) {
  return {.code = ErrorCode::kForbidden, .message = std::move(message)};
}

}  // namespace

const Caller& caller_of(const http::Request& request) {
  return request.caller ? *request.caller : Caller::nobody();
}

std::optional<Scope> needed_scope(http::Resource resource, http::Method method) {
  switch (resource) {
    case http::Resource::kUnknown:
    case http::Resource::kHealth:
    case http::Resource::kLive:
    case http::Resource::kReady:
    case http::Resource::kMetrics:
    case http::Resource::kDescription:
      return std::nullopt;
    case http::Resource::kTrigger:
      return Scope::kTrigger;
    case http::Resource::kPanels:
    case http::Resource::kPanel:
    case http::Resource::kState:
    case http::Resource::kSocket:
      return http::is_read(method) ? Scope::kRead : Scope::kWrite;
    case http::Resource::kExecutions:
    case http::Resource::kSuspensions:
      return Scope::kRead;
    case http::Resource::kExecution:
      return http::is_read(method) ? Scope::kRead : Scope::kTrigger;
    case http::Resource::kResume:
      return Scope::kResume;
    case http::Resource::kMemory:
    default:  // whoever adds a resource says here whose it is; until then it is not everyone's
      return Scope::kAdmin;
  }
}

Access::Access(AccessOptions options, const Clock& clock)
    : key_(std::move(options.jwt_key)),
      rule_(options.allowed_hosts, options.cors_origins),
      clock_(clock),
      tokens_(kMostCachedTokens) {}

Result<std::shared_ptr<const Caller>> Access::admit(const http::Request& request) {
  if (!key_) {
    if (auto refusal = rule_.refuse_host(request.host);
        refusal && !is_open(http::find_route(request.target).resource)) {
      return std::unexpected(*std::move(refusal));
    }
  }
  if (auto refusal = rule_.refuse_origin(request.origin, request.host))
    return std::unexpected(*std::move(refusal));
  if (!key_) return unowned(Caller::anyone());

  const http::Route route = http::find_route(request.target);
  if (is_open(route.resource) || is_preflight(request)) return unowned(Caller::nobody());
  NEXUS_TRY(auto caller, authenticate(request, route));
  const auto scope = needed_scope(route.resource, request.method);
  if (scope && !caller->may(*scope)) {
    return std::unexpected(forbidden(fmt::format("the token's scope does not have \"{}\"", name(*scope))));
  }
  if (scope == Scope::kAdmin && !caller->may_see_all()) {
    return std::unexpected(forbidden("the token is for some panels only, and this is about all of them"));
  }
  if (!route.panel.empty() && !caller->may_see(route.panel)) {
    return std::unexpected(forbidden(fmt::format("the token's panels do not cover \"{}\"", route.panel)));
  }
  return caller;
}

Result<std::shared_ptr<const Caller>> Access::authenticate(const http::Request& request,
                                                           const http::Route& route) {
  const std::string_view token = token_of(request, route);
  if (token.empty()) {
    return fail(ErrorCode::kUnauthorized,
                route.resource == http::Resource::kSocket
                    ? "this call needs a token: Authorization: Bearer TOKEN, or ?token=TOKEN"
                    : "this call needs a token: Authorization: Bearer TOKEN");
  }
  const std::int64_t now_ms = clock_.unix_ms();
  if (auto known = tokens_.find(token, now_ms)) return known;
  NEXUS_TRY(auto caller, read_token(token, *key_, now_ms));
  auto shared = std::make_shared<const Caller>(std::move(caller));
  tokens_.add(token, shared);
  return shared;
}

std::optional<Error> Access::refuse_definition(const http::Request& request) {
  const Caller& caller = caller_of(request);
  if (caller.may_see_all() || check_json(request.body) != JsonFault::kNone) return std::nullopt;
  const auto ids = ids_in_definition(request.body);
  if (!ids || ids->empty()) {
    return forbidden("the token is for some panels only: the new one needs an \"id\" that is one of them");
  }
  for (const std::string& id : *ids) {
    if (!caller.may_see(id)) return forbidden(fmt::format("the token's panels do not cover \"{}\"", id));
  }
  return std::nullopt;
}

// The messages of refused tokens are our own and have no quotes.
std::string Access::challenge_of(const http::Request& request, const Error& refusal) {
  if (token_of(request, http::find_route(request.target)).empty()) return "Bearer";
  return fmt::format(R"(Bearer error="invalid_token", error_description="{}")", refusal.message);
}

}  // namespace nexus::auth
