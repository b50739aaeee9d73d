// What a browser must be told before a page of an allowed origin may call, and read the response.
#pragma once

#include "nexus/front/auth/origin_policy.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"

namespace nexus::auth {

// Whether a browser asks if it may send a request. Such a question carries no token.
bool is_preflight(const http::Request& request);

// 204 with the methods of the path, as in the Allow header, and the headers that the API knows.
void respond_to_preflight(std::string_view methods, http::Response& response);

// To be called last, when the response is complete otherwise. There is no Access-Control-Allow-Credentials: the API knows
// no cookies.
void add_cors_headers(const OriginPolicy& policy, const http::Request& request, http::Response& response);

}  // namespace nexus::auth
