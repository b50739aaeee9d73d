// Writing JSON strings; see json.h.
#include <array>
#include <cstddef>

#include "nexus/foundation/json/json.h"
#include "nexus/foundation/json/json_scan.h"

namespace nexus {
namespace {

struct Sequence {
  std::size_t bytes;
  bool is_valid;
};

// The UTF-8 sequence at `at`, which is not ASCII. If it is invalid, the bytes that one U+FFFD replaces: the longest
// start of a valid sequence (as in browsers), or a whole surrogate (which the interpreter writes).
Sequence sequence_at(const char* at, const char* end) {
  const auto byte = [at](std::size_t i) { return static_cast<unsigned char>(at[i]); };
  const auto left = static_cast<std::size_t>(end - at);
  const unsigned char lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4) return {1, false};
  const std::size_t bytes = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  unsigned char least = 0x80;
  unsigned char most = 0xbf;
  if (lead == 0xe0) least = 0xa0;  // a lower second byte would be an overlong form
  if (lead == 0xf0) least = 0x90;
  if (lead == 0xf4) most = 0x8f;  // beyond U+10FFFF
  for (std::size_t i = 1; i < bytes; ++i) {
    if (i == left || byte(i) < least || byte(i) > most) return {i, false};
    least = 0x80;
    most = 0xbf;
  }
  return {bytes, !(lead == 0xed && byte(1) >= 0xa0)};
}

// The second character of the escape of `c`: 'u' stands for the six-byte form.
char escape_letter(char c) {
  switch (c) {
    case '"':
    case '\\':
      return c;
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 'u';
  }
}

// One walk for writing and for counting, so that the two agree: calls `put(bytes, count)` in order.
template <class Put>
void walk(std::string_view text, Put put) {
  static constexpr char kHex[] = "0123456789abcdef";
  const char* at = text.data();
  const char* const end = at + text.size();
  put("\"", 1);
  const char* copied = at;  // all bytes before it have been put
  for (;;) {
    at = skip_plain<NonAscii::kStops>(at, end);
    Sequence sequence{1, true};
    if (at != end && static_cast<unsigned char>(*at) >= 0x80) {
      sequence = sequence_at(at, end);
      if (sequence.is_valid) {
        at += sequence.bytes;
        continue;
      }
    }
    put(copied, static_cast<std::size_t>(at - copied));
    if (at == end) break;
    const char letter = escape_letter(*at);
    if (!sequence.is_valid) {
      put("\xef\xbf\xbd", 3);
    } else if (letter == 'u') {
      const std::array<char, 6> escape = {'\\', 'u', '0', '0', kHex[*at >> 4], kHex[*at & 15]};
      put(escape.data(), escape.size());
    } else {
      const std::array<char, 2> escape = {'\\', letter};
      put(escape.data(), escape.size());
    }
    at += sequence.bytes;
    copied = at;
  }
  put("\"", 1);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  walk(text, [&out](const char* bytes, std::size_t count) { out.append(bytes, count); });
}

std::size_t json_string_size(std::string_view text) {
  std::size_t size = 0;
  walk(text, [&size](const char*, std::size_t count) { size += count; });
  return size;
}

}  // namespace nexus
