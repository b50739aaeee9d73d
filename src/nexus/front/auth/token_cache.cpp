#include "nexus/front/auth/token_cache.h"

#include <openssl/crypto.h>
#include <xxhash.h>

#include "nexus/foundation/base/random.h"

namespace nexus::auth {
namespace {

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

TokenCache::TokenCache(std::size_t most) : most_(most), seed_(random_u64()) {}

// A random seed: clients cannot craft tokens that collide, or learn cached tokens from response times.
std::uint64_t TokenCache::hash_of(std::string_view token) const {
  return XXH3_64bits_withSeed(token.data(), token.size(), seed_);
}

void TokenCache::remove(Entries::iterator entry) {
  by_hash_.erase(entry->hash);
  entries_.erase(entry);
}

std::shared_ptr<const Principal> TokenCache::find(std::string_view token, std::int64_t now_ms) {
  const auto found = by_hash_.find(hash_of(token));
  if (found == by_hash_.end()) return nullptr;
  const auto entry = found->second;
  if (!is_same_secret(entry->token, token)) return nullptr;
  if (now_ms >= entry->principal->expires_ms()) {
    remove(entry);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->principal;
}

void TokenCache::add(std::string_view token, std::shared_ptr<const Principal> principal) {
  const std::uint64_t hash = hash_of(token);
  if (const auto old = by_hash_.find(hash); old != by_hash_.end()) remove(old->second);
  if (!entries_.empty() && entries_.size() >= most_) remove(std::prev(entries_.end()));
  entries_.push_front({hash, std::string(token), std::move(principal)});
  by_hash_.emplace(hash, entries_.begin());
}

}  // namespace nexus::auth
