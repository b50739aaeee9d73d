// The text that an operator gave for one setting, before it is parsed, and its source.
#pragma once

#include <cstdint>
#include <string>

namespace nexus::config {

enum class Source : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };

struct Origin {
  Source source = Source::kDefault;
  std::string text = "default";  // see ValidationError::origin

  bool operator==(const Origin&) const = default;
};

// The type of the text: variables and flags are words of any type, values in the file have a type of their own.
enum class Form : std::uint8_t { kWord, kString, kInteger, kBoolean, kList, kOther };

// In the file, a key that ends in _bytes counts bytes although its row counts MiB.
enum class Measure : std::uint8_t { kOfRow, kBytes };

struct Given {
  std::string text;  // items of a list are separated by commas
  Form form = Form::kWord;
  Origin origin;
  Measure measure = Measure::kOfRow;
};

}  // namespace nexus::config
