// Tokens for tests: signed correctly, or in ways in which no issuer should sign.
#pragma once

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <string_view>

namespace nexus::auth {

inline constexpr std::string_view kKey = "0123456789abcdef0123456789abcdef";
inline constexpr std::string_view kHead = R"({"alg":"HS256","typ":"JWT"})";
inline constexpr std::int64_t kNowMs = 1'790'000'000'000;

inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6)
      text += kDigits[(bits >> (count - 6)) & 63];
  }
  if (count > 0) text += kDigits[(bits << (6 - count)) & 63];
  return text;
}

// Appends the signature to `text`.
inline std::string with_signature(const std::string& text, std::string_view key = kKey,
                                  const EVP_MD* hash = EVP_sha256()) {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(hash, key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), bytes, &size);
  return text + '.' + base64url({reinterpret_cast<const char*>(bytes), size});
}

inline std::string token_of(std::string_view claims, std::string_view head = kHead,
                            std::string_view key = kKey) {
  return with_signature(base64url(head) + '.' + base64url(claims), key);
}

// `more`: empty, or further members that begin with a comma.
inline std::string token_until(std::int64_t expires_ms, std::string_view more = "") {
  return token_of(R"({"exp":)" + std::to_string(expires_ms / 1000) + std::string(more) + "}");
}

}  // namespace nexus::auth
