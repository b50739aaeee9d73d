#include "nexus/runtime/extensions/http_lookup.h"

#include <netdb.h>

#include <system_error>
#include <thread>

#include "nexus/runtime/extensions/http_address_guard.h"
#include "nexus/runtime/extensions/http_target.h"

namespace nexus::extensions {
namespace {

std::optional<CallError> check_name(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, &freeaddrinfo);
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (const auto rule = refusing_rule(*one->ai_addr))
      return address_error(host, address_text(*one->ai_addr), *rule);
  }
  return std::nullopt;
}

}  // namespace

bool look_up(const std::string& host, std::shared_ptr<HttpMailbox> mailbox,
             std::move_only_function<void(std::optional<CallError>)> done) {
  try {
    std::thread([host, to = std::move(mailbox), done = std::move(done)]() mutable {
      to->post([error = check_name(host), done = std::move(done)]() mutable { done(std::move(error)); });
    }).detach();
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace nexus::extensions
