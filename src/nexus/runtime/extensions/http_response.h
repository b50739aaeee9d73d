// The response of another server, and its JSON for the handler.
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

// {"status":200,"headers":{...},"body":"..."}. A body that is no text has "bodyBase64" instead of "body": when it is
// not UTF-8, or its content type is binary (images, sounds, archives). A body of valid JSON is also there as "json".
// Charges the bytes of the result to `grant` first, and fails with the ledger's error.
Result<std::string> response_json(const HttpResponse& response, budget::Grant& grant);

}  // namespace nexus::extensions
