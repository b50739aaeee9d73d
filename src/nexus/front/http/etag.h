// Entity tags of panels, which are their versions, and the conditions that a request makes with them.
#pragma once

#include <cstdint>
#include <string>

#include "nexus/foundation/model/version_condition.h"
#include "nexus/front/http/request.h"

namespace nexus::http {

std::string etag_of(std::uint64_t version);  // "\"7\"", its quotes included

// Of a change: If-Match and If-None-Match. A tag of If-Match that is weak or no version of ours matches nothing, and
// neither does a header that is no list of tags: what was asked for can't be made sure of, so the change must not be made.
VersionCondition condition_of(const Request& request);

// Of a read: whether the client has this version already, by If-None-Match. Weak tags match too: proxies weaken them.
bool has_already(const Request& request, std::uint64_t version);

}  // namespace nexus::http
