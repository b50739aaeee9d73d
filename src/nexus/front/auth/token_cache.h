// Tokens that have been verified, so that a client's second request costs a hash and no cryptography.
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

// Holds the tokens that were used last. It keeps their text, and compares all of it: a hash alone would be worth
// attacking. Thread safety: none; it belongs to one loop.
class TokenCache {
 public:
  explicit TokenCache(std::size_t most);

  // None when it isn't there, or has expired.
  std::shared_ptr<const Principal> find(std::string_view token, std::int64_t now_ms);
  void add(std::string_view token, std::shared_ptr<const Principal> principal);
  std::size_t size() const { return by_hash_.size(); }

 private:
  struct Entry {
    std::uint64_t hash;
    std::string token;
    std::shared_ptr<const Principal> principal;
  };
  using Entries = std::list<Entry>;  // the one used last is in front

  std::uint64_t hash_of(std::string_view token) const;
  void remove(Entries::iterator entry);

  std::size_t most_;
  std::uint64_t seed_;
  Entries entries_;
  std::unordered_map<std::uint64_t, Entries::iterator> by_hash_;
};

}  // namespace nexus::auth
