// Entity tags, which are the versions of panels, and the conditions of requests.
#pragma once

#include <cstdint>
#include <string>

#include "nexus/foundation/model/version_condition.h"
#include "nexus/front/http/request.h"

namespace nexus::http {

std::string etag_of(std::uint64_t version);  // "\"7\"", with quotes

// The condition of a change, from If-Match and If-None-Match. A weak tag in If-Match matches nothing, and neither does
// an unknown or malformed one: the client's condition cannot be verified, so the change must not happen.
VersionCondition condition_of(const Request& request);

// The condition of a read, from If-None-Match: true when the client has this version already. Weak tags match too,
// because proxies weaken tags.
bool has_already(const Request& request, std::uint64_t version);

}  // namespace nexus::http
