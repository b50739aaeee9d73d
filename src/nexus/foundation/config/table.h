// One row per setting. The parser, the errors, the flags and the generated documentation all use these rows.
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
  kMiB,    // plain digits; kept in bytes. In the file, KEY_bytes is accepted beside KEY_mb
  kSize,   // digits and b, kb, mb or gb: "1mb"; kept in bytes
};

// Access to the field of Settings that keeps a row's value.
template <class T>
struct Place {
  T (*get)(const Settings&);
  void (*set)(Settings&, T);
};

// The check of a text, and its description.
struct TextRule {
  bool (*accepts)(std::string_view);
  std::string_view bound;
};

struct Number {
  Unit unit;
  std::uint64_t least, most;  // both inclusive, in the unit as written
  Place<std::optional<std::uint64_t>> place;
};
struct Switch {  // true or false
  Place<bool> place;
};
struct Decision {  // true, false or undecided
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

// The parts of a value that may be printed: all, none, or all but the user and password of a URL.
enum class Secrecy : std::uint8_t { kPublic, kSecret, kSecretUser };

// kNotYet: accepted but without effect, so that files and manifests stay valid when the feature arrives.
enum class Effect : std::uint8_t { kNow, kNotYet };

struct Row {
  std::string_view name;   // of the variable: "HTTP_PORT", also read as "NEXUS_HTTP_PORT"
  std::string_view group;  // of the file: "server", "extensions.http"
  std::string_view key;    // within the group: "http_port"
  Kind kind;
  std::string_view meaning;
  Effect effect = Effect::kNow;
  Secrecy secrecy = Secrecy::kPublic;
  std::string_view unset = "";  // the meaning of a missing value
};

std::span<const Row> rows();
const Row* find_row(std::string_view name);  // nullptr if there is none

std::string file_key(const Row& row);  // "server.http_port"
std::string flag(const Row& row);      // "--http-port"

// The bytes, milliseconds or count in one unit.
std::uint64_t scale(Unit unit);

}  // namespace nexus::config
