// JSON at the border. Texts from outside and from the guest are checked whole before they are spliced into anything;
// this program keeps them as text and builds no tree of what it only passes on.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"

namespace nexus {

// JSON nested deeper than this is refused wherever it comes from.
inline constexpr int kMaxJsonDepth = 128;

enum class JsonError : std::uint8_t { kNone, kMalformed, kTooDeep };

// Whether `text` is exactly one JSON value (RFC 8259) in UTF-8 nested at most kMaxJsonDepth deep. Numbers may have any
// magnitude, as in JSON.parse. Lone surrogates (\ud800 without its other half) are kMalformed, so that strict readers can
// read whatever passed. Allocates nothing; about 2 ns per byte at worst.
JsonError check_json(std::string_view text);

// What is wrong, behind a subject: "is not valid JSON". REQUIRES: something is.
std::string describe(JsonError error);

// As check_json, for text written by the interpreter: lone surrogates, which JavaScript strings may hold and JSON may
// not, are replaced by U+FFFD in `text` first: as escapes and as the three bytes (ED A0..BF xx) that the interpreter writes. Pairs
// of escapes stay. The size never changes. kMalformed then means that the guest is lying.
JsonError repair_and_check_json(std::string& text);

// Appends `text` as a JSON string, quotes included. Invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);
// How many bytes append_json_string would append.
std::size_t json_string_size(std::string_view text);

// Calls `member` for each member of a JSON object, with the key unescaped and the value's text without white space
// around it, in order of appearance, duplicates too. The views are valid during that call only. False, and no call at all,
// when `text` is no JSON object that passes check_json.
bool for_each_member(std::string_view text,
                     const std::function<void(std::string_view key, std::string_view value)>& member);

}  // namespace nexus
