// One error in the configuration. load() reports all of them at once.
#pragma once

#include <string>
#include <string_view>

namespace nexus::config {

struct ValidationError {
  std::string field;  // "HTTP_PORT"; an unknown key or flag as written
  std::string value;  // as written, or "***" for a secret
  std::string bound;  // the accepted values: "a whole number from 0 to 65535"
  std::string
      origin;  // the source of the value: "NEXUS_HTTP_PORT", "nexus.toml:3 server.http_port", "--http-port", "default"

  bool operator==(const ValidationError&) const = default;
};

// For a person: `HTTP_PORT is "x" (from NEXUS_HTTP_PORT); it must be a whole number from 0 to 65535`.
std::string describe(const ValidationError& error);

// Escapes control characters as JSON does, so that a newline pasted with a value is visible.
std::string printable(std::string_view text);

}  // namespace nexus::config
