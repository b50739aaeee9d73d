// CORS: the headers that let pages of allowed origins send requests and read the responses.
#pragma once

#include "nexus/front/auth/origin_policy.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"

namespace nexus::auth {

// True for a preflight: a browser asks whether it may send a request. A preflight carries no token.
bool is_preflight(const http::Request& request);

// Responds 204 with `methods`, as in the Allow header, and the request headers that the API knows.
void respond_to_preflight(std::string_view methods, http::Response& response);

// REQUIRES: called last, when the response is complete otherwise. Access-Control-Allow-Credentials is never sent, as
// the API uses no cookies.
void add_cors_headers(const OriginPolicy& policy, const http::Request& request, http::Response& response);

}  // namespace nexus::auth
