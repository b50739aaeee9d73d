// Protects against requests that another web site makes a user's browser send: checks Host and Origin.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"

namespace nexus::auth {

enum class OriginKind : std::uint8_t {
  kNone,     // no Origin: no browser, or a page of this server that only reads
  kOwn,      // the host that the request was sent to
  kAllowed,  // another site that the operator trusts
  kForeign,
};

// Thread safety: immutable.
class OriginPolicy {
 public:
  // `hosts`: the names of this server besides localhost and IP addresses; "name" allows any port, "name:port" only that
  // one. `origins`: "https://shop.example", "http://localhost:5173"; compared exactly, but for upper case, the default
  // port and a trailing slash. "null" and "*" have no special meaning.
  OriginPolicy(const std::vector<std::string>& hosts, const std::vector<std::string>& origins);

  // kMisdirected when the Host is an unknown name: anyone can point a name to this machine (DNS rebinding).
  std::optional<Error> refuse_host(std::string_view host) const;

  // The kind of an Origin header on a request to `host`. `origin` empty: no header.
  OriginKind kind_of(std::string_view origin, std::string_view host) const;
  // kOriginNotAllowed for kForeign.
  std::optional<Error> refuse_origin(std::string_view origin, std::string_view host) const;

  // True when responses can depend on the Origin.
  bool allows_origins() const { return !origins_.empty(); }

 private:
  bool is_known_host(std::string_view host) const;

  std::vector<std::string> hosts_, origins_;
};

}  // namespace nexus::auth
