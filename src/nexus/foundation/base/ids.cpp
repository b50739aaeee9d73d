#include "nexus/foundation/base/ids.h"

#include "nexus/foundation/base/random.h"

namespace nexus {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool all_of(std::string_view text, std::string_view punctuation) {
  for (const char c : text) {
    if (!is_alphanumeric(c) && punctuation.find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace

std::string make_uuid(std::int64_t unix_ms) {
  static constexpr char kHex[] = "0123456789abcdef";
  const std::uint64_t high = (static_cast<std::uint64_t>(unix_ms) << 16) | 0x7000 | (random_u64() & 0x0fff);
  const std::uint64_t low = (random_u64() & 0x3fff'ffff'ffff'ffff) | 0x8000'0000'0000'0000;
  std::string text(36, '-');
  std::size_t at = 0;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) ++at;
    const std::uint64_t half = digit < 16 ? high : low;
    text[at++] = kHex[(half >> (60 - 4 * (digit % 16))) & 15];
  }
  return text;
}

bool is_panel_id(std::string_view id) {
  return !id.empty() && id.size() <= 128 && is_alphanumeric(id.front()) && all_of(id, "._-");
}

bool is_tool_name(std::string_view name) { return !name.empty() && name.size() <= 64 && all_of(name, "_.-"); }

}  // namespace nexus
