// A cache of verified tokens: a client's second request costs a hash instead of a signature check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/foundation/model/principal.h"

namespace nexus::auth {

// Keeps the most recently used tokens, and compares their full text, because a hash alone could be attacked.
// Thread safety: none; it belongs to one loop.
class TokenCache {
 public:
  explicit TokenCache(std::size_t most);

  // None: the token is not cached, or has expired.
  std::shared_ptr<const Principal> find(std::string_view token, std::int64_t now_ms);
  void add(std::string_view token, std::shared_ptr<const Principal> principal);
  std::size_t size() const { return by_hash_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    std::string token;
    std::shared_ptr<const Principal> principal;
  };
  using Entries = std::list<Entry>;  // the most recently used first

  std::uint64_t hash_of(std::string_view token) const;
  void remove(Entries::iterator entry);

  std::size_t most_;
  std::uint64_t seed_;
  Entries entries_;
  std::unordered_map<std::uint64_t, Entries::iterator> by_hash_;
};

}  // namespace nexus::auth
