// What an operator wrote for one setting, before it is read, and where.
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

// Variables and flags are words that can mean anything; the file has types.
enum class Form : std::uint8_t { kWord, kString, kInteger, kBoolean, kList, kOther };

// In the file a key that ends in _bytes counts bytes, though its row counts MiB.
enum class Measure : std::uint8_t { kOfRow, kBytes };

struct Given {
  std::string text;  // a list's items are separated by commas
  Form form = Form::kWord;
  Origin origin;
  Measure measure = Measure::kOfRow;
};

}  // namespace nexus::config
