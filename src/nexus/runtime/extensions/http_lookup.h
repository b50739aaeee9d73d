// Looks a name up on a thread of its own, for requests that go through a proxy: it, not we, would connect to what it finds.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "nexus/runtime/extensions/call_error.h"
#include "nexus/runtime/extensions/http_mailbox.h"

namespace nexus::extensions {

// Posts `done` to the mailbox, with the AddressNotAllowed if any of the host's addresses is refused. None also when the name
// is not known here: a network that has a proxy may leave names to it. False: there is no thread to have.
bool look_up(const std::string& host, std::shared_ptr<HttpMailbox> mailbox,
             std::move_only_function<void(std::optional<CallError>)> done);

}  // namespace nexus::extensions
