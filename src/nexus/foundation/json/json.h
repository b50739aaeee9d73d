// JSON at the border. Texts from clients and from the guest are checked whole before they become part of other texts;
// the program passes them on as text and builds no tree.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"

namespace nexus {

// JSON nested deeper than this is rejected everywhere.
inline constexpr int kMaxJsonDepth = 128;

enum class JsonError : std::uint8_t { kNone, kMalformed, kTooDeep };

// Checks that `text` is exactly one JSON value (RFC 8259) in UTF-8, nested at most kMaxJsonDepth deep. Numbers may
// have any magnitude, as in JSON.parse. Lone surrogates (\ud800 without its other half) are kMalformed, because
// strict readers reject them. Allocates nothing; about 2 ns per byte at worst. `values`, if given, receives the number of
// values in a correct text, containers included.
JsonError check_json(std::string_view text, std::size_t* values = nullptr);

// A predicate for a message: "is not valid JSON". REQUIRES: `fault` is not kNone.
std::string describe(JsonError error);

// check_json() for text that the interpreter has written. JavaScript strings may hold lone surrogates and JSON may
// not: first replaces them in `text` by U+FFFD, both escapes and the three bytes (ED A0..BF xx) that the interpreter
// writes. Pairs of escapes stay. The size never changes. kMalformed means that the guest does not keep to the
// protocol.
JsonError repair_and_check_json(std::string& text);

// Appends `text` as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// The number of bytes that append_json_string() would append.
std::size_t json_string_size(std::string_view text);

// Calls `member` for each member of a JSON object, duplicates too, in order of appearance. The key is unescaped; the
// value is its text without surrounding white space. The views are valid during the call only. Returns false without
// any call if `text` is not a JSON object that passes check_json().
bool for_each_member(std::string_view text,
                     const std::function<void(std::string_view key, std::string_view value)>& member);

}  // namespace nexus
