#include "nexus/foundation/base/base64.h"

#include <openssl/evp.h>

#include <algorithm>
#include <limits>

namespace nexus {
namespace {

// libcrypto takes unsigned bytes, and lengths as int.
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
constexpr std::size_t kChunk = 3 << 20;  // bytes; a multiple of three, so that only the last chunk is padded

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, kChunk);
    const std::size_t old = out.size();
    out.resize(old + base64_size(chunk.size()) + 1);  // EVP_EncodeBlock also writes a zero byte
    EVP_EncodeBlock(bytes_of(out) + old, bytes_of(chunk), static_cast<int>(chunk.size()));
    out.pop_back();
    bytes.remove_prefix(chunk.size());
  }
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > std::numeric_limits<int>::max()) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_letter)) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  if (!text.empty() && EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size())) < 0)
    return std::nullopt;
  bytes.resize(bytes.size() - padding);
  return bytes;
}

std::string to_base64url(std::string_view bytes) {
  std::string text;
  append_base64(text, bytes);
  text.resize((bytes.size() * 4 + 2) / 3);
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string padded(text);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - text.size() % 4) % 4, '=');
  auto bytes = from_base64(padded);
  if (bytes && to_base64url(*bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace nexus
