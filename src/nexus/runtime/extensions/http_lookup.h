// Looks a name up on a thread of its own, for requests through a proxy: the proxy would connect to the address, so
// libcurl cannot check it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "nexus/runtime/extensions/call_error.h"
#include "nexus/runtime/extensions/http_mailbox.h"

namespace nexus::extensions {

// Posts `done` to the mailbox, with AddressNotAllowed if any address of the host is forbidden. It is none also when the
// name is unknown here: a network with a proxy may leave lookups to the proxy. False: no thread is available.
bool look_up(const std::string& host, std::shared_ptr<HttpMailbox> mailbox,
             std::move_only_function<void(std::optional<CallError>)> done);

}  // namespace nexus::extensions
