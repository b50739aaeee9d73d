// One row a setting. What the program reads, what it reports as an error, its flags, and what its documentation says all
// come from these rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/foundation/config/settings.h"

namespace nexus::config {

enum class Unit : std::uint8_t {
  kNumber,
  kMilliseconds,
  kBytes,  // plain digits
  kMiB,    // plain digits; kept in bytes. In the file a key KEY_mb may also be KEY_bytes
  kSize,   // digits and b, kb, mb or gb: "1mb"; kept in bytes
};

// Where a row's value is kept.
template <class T>
struct Place {
  T (*get)(const Settings&);
  void (*set)(Settings&, T);
};

// What a text must be, as a check and in words.
struct TextRule {
  bool (*accepts)(std::string_view);
  std::string_view bound;
};

struct Number {
  Unit unit;
  std::uint64_t least, most;  // both inclusive, in the unit that is written
  Place<std::optional<std::uint64_t>> place;
};
struct Switch {  // true or false
  Place<bool> place;
};
struct Decision {  // true or false, and it matters when it is neither
  Place<Authentication> place;
};
struct Text {
  TextRule rule;
  Place<std::string> place;
};
struct Choice {
  std::string_view choices;  // separated by blanks
  Place<std::string> place;
};
struct List {     // in variables and flags separated by commas
  TextRule rule;  // for each item
  Place<std::vector<std::string>> place;
};
using Kind = std::variant<Number, Switch, Decision, Text, Choice, List>;

// What may be printed of a value: all, nothing, or all but the user and password of a URL.
enum class Secrecy : std::uint8_t { kPublic, kSecret, kSecretUser };

// Settings are here before what they set, so that a file or manifest need not change when it comes.
enum class Effect : std::uint8_t { kNow, kNotYet };

struct Row {
  std::string_view name;   // of the variable: "HTTP_PORT", also read as "NEXUS_HTTP_PORT"
  std::string_view group;  // of the file: "server", "extensions.http"
  std::string_view key;    // within the group: "http_port"
  Kind kind;
  std::string_view meaning;
  Effect effect = Effect::kNow;
  Secrecy secrecy = Secrecy::kPublic;
  std::string_view unset = "";  // what holds while there is no value
};

std::span<const Row> rows();
const Row* find_row(std::string_view name);  // nullptr: there is none

std::string file_key(const Row& row);  // "server.http_port"
std::string flag(const Row& row);      // "--http-port"

// How many bytes, milliseconds or things one of the unit is.
std::uint64_t scale(Unit unit);

}  // namespace nexus::config
