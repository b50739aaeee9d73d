// $ext.http: requests to other servers, over libcurl, on one thread for the whole process. What each method takes and gives,
// its limits and its errors: docs/extensions.md.
#pragma once

#include <memory>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

// The ledger must outlive it: requests in progress, and what has come of their responses, are charged to Kind::kBuffers.
// `max_body_bytes`: of a response, decoded (BODY_LIMIT).
// kInternalError: no thread or no file descriptor can be had. When it goes, calls in progress end without a settlement.
Result<std::unique_ptr<Extension>> create_http(const config::HttpExtensionConfig& config,
                                               std::uint64_t max_body_bytes, budget::Ledger& ledger);

}  // namespace nexus::extensions
