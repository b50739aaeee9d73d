// From where one may call: nobody whose browser was sent here by another site.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"

namespace nexus::auth {

enum class OriginKind : std::uint8_t {
  kNone,     // no browser, or a page of ours that only reads
  kOwn,      // of the host that was called
  kAllowed,  // of another site that the operator trusts
  kForeign,
};

// Immutable, so any thread may ask.
class OriginPolicy {
 public:
  // `hosts`: names that are ours beside localhost and all addresses, "name" with any port or "name:port" with that one.
  // `origins`: "https://shop.example", "http://localhost:5173"; exact, but for upper case, a port that is the scheme's
  // own and a slash at the end. Neither "null" nor "*" stands for any page.
  OriginPolicy(const std::vector<std::string>& hosts, const std::vector<std::string>& origins);

  // kMisdirected when the Host is a name that we don't know: anyone can point one here (DNS rebinding).
  std::optional<Error> refuse_host(std::string_view host) const;

  // What an Origin is on a call to `host`; empty: none was sent.
  OriginKind kind_of(std::string_view origin, std::string_view host) const;
  // kOriginNotAllowed for kForeign.
  std::optional<Error> refuse_origin(std::string_view origin, std::string_view host) const;

  // Whether responses can depend on the Origin.
  bool allows_origins() const { return !origins_.empty(); }

 private:
  bool is_known_host(std::string_view host) const;

  std::vector<std::string> hosts_, origins_;
};

}  // namespace nexus::auth
