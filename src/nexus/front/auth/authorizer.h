// Decides who may send which request. The check of a request has two steps: admit() when its head is complete, before
// its body is read, and refuse_definition() for the id of a new panel, which only the body contains.
//
//   Host, Origin ──► open to all? ──► token ──► scope of the call ──► panel in the path ──► (body) id of a new panel
//     421, 403                         401         403                     403                        403
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/principal.h"
#include "nexus/front/auth/origin_policy.h"
#include "nexus/front/auth/token_cache.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"

namespace nexus::auth {

struct AuthorizerOptions {
  std::optional<std::string> jwt_key;      // none: no authentication. See read_token()
  std::vector<std::string> allowed_hosts;  // both: see the constructor of the origin policy
  std::vector<std::string> cors_origins;
};

// The principal that the request was admitted as; one without rights when it was not admitted.
const Principal& principal_of(const http::Request& request);

// Thread safety: none; it belongs to one loop. The clock must outlive it.
class Authorizer {
 public:
  Authorizer(AuthorizerOptions options, const Clock& clock);

  // The principal of the request. kMisdirected, kOriginNotAllowed, kUnauthorized, kForbidden. REQUIRES: the target is
  // in normal form.
  Result<std::shared_ptr<const Principal>> admit(const http::Request& request);

  // kForbidden when the definition in the body has an id that this principal may not see, or has no id: the server
  // might generate an id that it may not see. A body that is no JSON passes; the parser of definitions rejects it.
  static std::optional<Error> refuse_definition(const http::Request& request);

  // The value of WWW-Authenticate for a kUnauthorized error.
  static std::string challenge_of(const http::Request& request, const Error& refusal);

  const OriginPolicy& policy() const { return policy_; }

 private:
  Result<std::shared_ptr<const Principal>> authenticate(const http::Request& request);

  std::optional<std::string> key_;
  OriginPolicy policy_;
  const Clock& clock_;
  TokenCache tokens_;
};

}  // namespace nexus::auth
