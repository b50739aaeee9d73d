// Who may call a server without authentication: nobody whose browser was sent here by another site.
#pragma once

#include <optional>
#include <string_view>

#include "nexus/base/error.h"

namespace nexus::server {

// kMisdirected when the Host is a name that we don't know (DNS rebinding), kOriginNotAllowed when the Origin is
// neither empty nor our own Host (a page of another site).
std::optional<Error> refuse_caller(std::string_view host, std::string_view origin);

}  // namespace nexus::server
