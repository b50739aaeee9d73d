// The grammar is checked here and not by simdjson's parsers, which reject numbers beyond 64 bits: the interpreter
// legitimately writes 1e20 as 100000000000000000000. simdjson validates the UTF-8, and is the oracle of the tests.
#include "nexus/foundation/json/json.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <bitset>
#include <cstring>
#include <optional>

#include "nexus/foundation/json/json_scan.h"

namespace nexus {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// The four hexadecimal digits at `at`, or nullopt.
std::optional<std::uint32_t> hex4(const char* at, const char* end) {
  if (end - at < 4) return std::nullopt;
  std::uint32_t unit = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      unit = unit << 4 | static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      unit = unit << 4 | static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return std::nullopt;
    }
  }
  return unit;
}

// The code unit of the escape \uXXXX at `at`, or nullopt.
std::optional<std::uint32_t> unicode_escape(const char* at, const char* end) {
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return std::nullopt;
  return hex4(at + 2, end);
}

// One pass over a text. Open containers are bits on a stack of fixed size: no recursion, so no input exhausts our
// stack.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text), at_(text.data()), end_(text.data() + text.size()) {}

  JsonError check() {
    if (!document()) return too_deep_ ? JsonError::kTooDeep : JsonError::kMalformed;
    if (beyond_ascii_ && !simdjson::validate_utf8(text_.data(), text_.size())) return JsonError::kMalformed;
    return JsonError::kNone;
  }
  std::size_t values() const { return values_; }

 private:
  bool document() {
    do {
      skip_space();
      ++values_;
      if (!value_or_opening()) return false;
      if (opened_) continue;
      if (!after_value()) return false;
    } while (depth_ > 0);
    return at_ == end_;
  }

  // Reads a scalar or an empty container, or the start of a container up to its first value.
  bool value_or_opening() {
    opened_ = false;
    if (at_ == end_) return false;
    switch (*at_) {
      case '{':
        return open(Container::kObject);
      case '[':
        return open(Container::kArray);
      case '"':
        return string();
      case 't':
        return literal("true");
      case 'f':
        return literal("false");
      case 'n':
        return literal("null");
      default:
        return number();
    }
  }

  enum class Container : bool { kArray, kObject };

  bool open(Container container) {
    ++at_;
    if (depth_ == kMaxJsonDepth) {
      too_deep_ = true;
      return false;
    }
    skip_space();
    const char closing = container == Container::kObject ? '}' : ']';
    if (at_ != end_ && *at_ == closing) {
      ++at_;
      return true;
    }
    is_object_[static_cast<std::size_t>(depth_++)] = container == Container::kObject;
    opened_ = true;
    return container == Container::kArray || key();
  }

  // Reads the text after a value: ends of containers, then a comma and, in an object, the next key.
  bool after_value() {
    for (;;) {
      skip_space();
      if (depth_ == 0) return true;
      if (at_ == end_) return false;
      const bool in_object = is_object_[static_cast<std::size_t>(depth_ - 1)];
      const char c = *at_++;
      if (c == ',') {
        if (!in_object) return true;
        skip_space();
        return key();
      }
      if (c != (in_object ? '}' : ']')) return false;
      --depth_;
    }
  }

  bool key() {
    if (at_ == end_ || *at_ != '"' || !string()) return false;
    skip_space();
    return at_ != end_ && *at_++ == ':';
  }

  bool string() {
    ++at_;
    for (;;) {
      at_ = skip_plain<NonAscii::kStops>(at_, end_);
      if (at_ == end_) return false;
      if (static_cast<unsigned char>(*at_) >= 0x80) {
        beyond_ascii_ = true;
        at_ = skip_plain<NonAscii::kIsPlain>(at_, end_);
        if (at_ == end_) return false;
      }
      if (*at_ == '"') {
        ++at_;
        return true;
      }
      if (*at_ != '\\' || !escape()) return false;
    }
  }

  bool escape() {
    if (end_ - at_ < 2) return false;
    if (at_[1] != 'u') {
      const bool known = std::string_view("\"\\/bfnrt").find(at_[1]) != std::string_view::npos;
      at_ += 2;
      return known;
    }
    const auto unit = unicode_escape(at_, end_);
    if (!unit || is_low_surrogate(*unit)) return false;
    at_ += 6;
    if (!is_high_surrogate(*unit)) return true;
    const auto low = unicode_escape(at_, end_);
    at_ += 6;
    return low && is_low_surrogate(*low);
  }

  bool literal(std::string_view word) {
    if (static_cast<std::size_t>(end_ - at_) < word.size() || std::memcmp(at_, word.data(), word.size()) != 0)
      return false;
    at_ += word.size();
    return true;
  }

  bool number() {
    if (*at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!digits()) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!digits()) return false;
    }
    if (at_ == end_ || (*at_ != 'e' && *at_ != 'E')) return true;
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    return digits();
  }

  bool digits() {
    const char* const first = at_;
    while (at_ != end_ && is_digit(*at_))
      ++at_;
    return at_ != first;
  }

  void skip_space() {
    while (at_ != end_ && is_space(*at_))
      ++at_;
  }

  std::string_view text_;
  const char* at_;
  const char* end_;
  std::bitset<kMaxJsonDepth> is_object_;
  std::size_t values_ = 0;
  int depth_ = 0;
  bool opened_ = false;
  bool beyond_ascii_ = false;
  bool too_deep_ = false;
};

// The end of the string that starts at `at`. REQUIRES: checked text.
const char* string_end(const char* at, const char* end) {
  for (++at;;) {
    at = skip_plain<NonAscii::kIsPlain>(at, end);
    if (*at == '"') return at + 1;
    at += 2;
  }
}

// The end of the value that starts at `at`. REQUIRES: checked text.
const char* value_end(const char* at, const char* end) {
  if (*at == '"') return string_end(at, end);
  if (*at != '{' && *at != '[') {
    while (at != end && *at != ',' && *at != '}' && !is_space(*at))
      ++at;
    return at;
  }
  int depth = 0;
  for (;;) {
    if (*at == '"') {
      at = string_end(at, end);
      continue;
    }
    if (*at == '{' || *at == '[') ++depth;
    if (*at == '}' || *at == ']') --depth;
    ++at;
    if (depth == 0) return at;
  }
}

void append_utf8(std::string& out, std::uint32_t point) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
}

// Appends the unescaped string; `at` is after its opening quote, `end` at its closing one. REQUIRES: checked text.
void append_unescaped(std::string& out, const char* at, const char* end) {
  while (at != end) {
    const char* const plain = at;
    at = skip_plain<NonAscii::kIsPlain>(at, end);
    out.append(plain, at);
    if (at == end) return;
    switch (at[1]) {
      case 'b':
        out.push_back('\b');
        break;
      case 'f':
        out.push_back('\f');
        break;
      case 'n':
        out.push_back('\n');
        break;
      case 'r':
        out.push_back('\r');
        break;
      case 't':
        out.push_back('\t');
        break;
      case 'u': {
        std::uint32_t point = *unicode_escape(at, end);
        if (is_high_surrogate(point)) {
          at += 6;
          point = 0x10000 + ((point - 0xd800) << 10) + (*unicode_escape(at, end) - 0xdc00);
        }
        append_utf8(out, point);
        at += 4;
        break;
      }
      default:
        out.push_back(at[1]);
    }
    at += 2;
  }
}

// Both forms of U+FFFD have the size of the text that they replace.
constexpr std::string_view kReplacementEscape = "\\ufffd";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

void repair_escapes(std::string& text) {
  char* at = text.data();
  char* const end = at + text.size();
  while ((at = static_cast<char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)))) != nullptr) {
    const auto unit = unicode_escape(at, end);
    if (!unit) {
      if (end - at < 2) return;
      at += 2;
      continue;
    }
    if (is_high_surrogate(*unit)) {
      const auto low = unicode_escape(at + 6, end);
      if (low && is_low_surrogate(*low)) {
        at += 12;
        continue;
      }
    }
    if (is_high_surrogate(*unit) || is_low_surrogate(*unit)) std::memcpy(at, kReplacementEscape.data(), 6);
    at += 6;
  }
}

void repair_raw_surrogates(std::string& text) {
  constexpr int kLead = 0xed;  // first byte of U+D000..U+DFFF; surrogates have a second byte of A0 or more
  char* at = text.data();
  char* const end = at + text.size();
  while ((at = static_cast<char*>(std::memchr(at, kLead, static_cast<std::size_t>(end - at)))) != nullptr) {
    if (end - at < 3) return;
    const auto second = static_cast<unsigned char>(at[1]);
    const auto third = static_cast<unsigned char>(at[2]);
    if (second >= 0xa0 && second <= 0xbf && (third & 0xc0) == 0x80) std::memcpy(at, kReplacement.data(), 3);
    ++at;
  }
}

}  // namespace

JsonError check_json(std::string_view text, std::size_t* values) {
  Checker checker(text);
  const JsonError error = checker.check();
  if (values != nullptr) *values = checker.values();
  return error;
}

JsonError repair_and_check_json(std::string& text) {
  repair_escapes(text);
  repair_raw_surrogates(text);
  return check_json(text);
}

bool for_each_member(std::string_view text,
                     const std::function<void(std::string_view key, std::string_view value)>& member) {
  if (check_json(text) != JsonError::kNone) return false;
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto skip_space = [&at, end] {
    while (at != end && is_space(*at))
      ++at;
  };
  skip_space();
  if (*at != '{') return false;
  std::string unescaped;
  for (;;) {
    ++at;  // the brace or the comma
    skip_space();
    if (*at == '}') return true;  // of an empty object: `}` never follows a comma
    const char* const key = at + 1;
    at = string_end(at, end);
    unescaped.clear();
    append_unescaped(unescaped, key, at - 1);
    skip_space();
    ++at;  // the colon
    skip_space();
    const char* const value = at;
    at = value_end(at, end);
    member(unescaped, std::string_view(value, at));
    skip_space();
    if (*at == '}') return true;
  }
}

std::string describe(JsonError error) {
  if (error == JsonError::kTooDeep) return fmt::format("is nested deeper than {} levels", kMaxJsonDepth);
  return "is not valid JSON";
}

}  // namespace nexus
