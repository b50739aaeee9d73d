// One thing wrong with the configuration. All of them are reported at once.
#pragma once

#include <string>
#include <string_view>

namespace nexus::config {

struct ValidationError {
  std::string field;  // "HTTP_PORT"; of an unknown key or flag as it was written
  std::string value;  // as it was written, "***" for a secret
  std::string bound;  // what it must be: "a whole number from 0 to 65535"
  std::string
      origin;  // where it came from: "NEXUS_HTTP_PORT", "nexus.toml:3 server.http_port", "--http-port", "default"

  bool operator==(const ValidationError&) const = default;
};

// For a person: `HTTP_PORT is "x" (from NEXUS_HTTP_PORT); it must be a whole number from 0 to 65535`.
std::string describe(const ValidationError& error);

// With control characters as in JSON, so that the line's end that someone has pasted with a value can be seen.
std::string printable(std::string_view text);

}  // namespace nexus::config
