// Who may call what. Asked twice for a request: when its head is there, before a byte of the body is waited for, and
// once more for what only the body says.
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
  std::vector<std::string> allowed_hosts;  // both as OriginPolicy takes them
  std::vector<std::string> cors_origins;
};

// Whom the request was admitted as: nobody, when it was not.
const Principal& principal_of(const http::Request& request);

// Thread safety: none; it belongs to one loop. The clock must outlive it.
class Authorizer {
 public:
  Authorizer(AuthorizerOptions options, const Clock& clock);

  // Whom to serve the request as. kMisdirected, kOriginNotAllowed, kUnauthorized, kForbidden. REQUIRES: the target is
  // in normal form.
  Result<std::shared_ptr<const Principal>> admit(const http::Request& request);

  // kForbidden when the definition that this caller posts has an id that he may not see, or none: he could not be sure to
  // see the one that is made for it. A body that is no JSON is left to the reader of definitions.
  static std::optional<Error> refuse_definition(const http::Request& request);

  // The value of WWW-Authenticate for a refusal with kUnauthorized.
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
