// What came back, and how the handler gets it.
#pragma once

#include <cstdint>
#include <string>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/runtime/extensions/http_headers.h"

namespace nexus::extensions {

struct HttpResponse {
  long status = 0;
  HttpHeaders headers;
  std::string body;  // decoded
};

// {"status":200,"headers":{...},"body":"..."}, or "bodyBase64" instead of "body" for what is no text: when it is no UTF-8, or the
// content type says so (images, sounds, archives). Beside a body of JSON that can be read there is "json": that JSON.
// What it takes is added to `grant` first: its refusal otherwise.
Result<std::string> response_json(const HttpResponse& response, budget::Grant& grant);

}  // namespace nexus::extensions
