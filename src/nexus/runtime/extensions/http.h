// $ext.http: requests to other servers with libcurl, on one thread for the whole process. Its methods, limits and
// errors: docs/extensions.md.
#pragma once

#include <memory>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

// The ledger must outlive the extension: requests and the parts of responses received so far are charged to
// Kind::kBuffers. `max_body_bytes`: limit of a decoded response body (BODY_LIMIT). kInternalError: no thread or no file
// descriptor is available. The destructor ends calls in progress without a settlement.
Result<std::unique_ptr<Extension>> create_http(const config::HttpExtensionConfig& config,
                                               std::uint64_t max_body_bytes, budget::Ledger& ledger);

}  // namespace nexus::extensions
