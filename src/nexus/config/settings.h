// What an operator can set, read from the environment: each variable NAME is also read as NEXUS_NAME, which wins.
// All faults are found at once. The rows, with unit, default and bounds, are in table.h.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::config {

// The effective values, in the units of their rows. Only load() makes one that is filled in.
struct Settings {
  std::string host;
  std::string log_level;
  std::string auth_enabled;

  std::uint64_t http_port = 0;
  std::uint64_t body_limit_bytes = 0;
  std::uint64_t shutdown_grace_ms = 0;

  std::uint64_t memory_limit_mb = 0;
  std::uint64_t timeout_ms = 0;
  std::uint64_t max_wall_ms = 0;
  std::uint64_t max_host_calls = 0;
  std::uint64_t max_state_mutations = 0;
  std::uint64_t max_events = 0;
  std::uint64_t max_view_commands = 0;
  std::uint64_t max_journal_bytes = 0;
  std::uint64_t max_result_bytes = 0;
  std::uint64_t max_state_bytes = 0;
  std::uint64_t max_log_bytes = 0;
  std::uint64_t stack_size_bytes = 0;

  std::uint64_t max_instances = 0;
  std::uint64_t min_instances = 0;
  std::uint64_t max_queue = 0;
  std::uint64_t queue_timeout_ms = 0;
  std::uint64_t max_panel_queue = 0;
  std::uint64_t image_cache_mb = 0;
};

// One thing wrong with the configuration.
struct Fault {
  std::string field;   // "HTTP_PORT"
  std::string value;   // as it was written
  std::string bound;   // what it must be: "a whole number from 0 to 65535"
  std::string origin;  // the variable that it came from, "NEXUS_HTTP_PORT", or "default"

  bool operator==(const Fault&) const = default;
};

// For a person: `HTTP_PORT is "x" (from NEXUS_HTTP_PORT); it must be a whole number from 0 to 65535`.
std::string describe(const Fault& fault);

struct Loaded {
  Settings settings;
  std::vector<std::string> warnings;
};

// The environment as a function: the value of a variable, or none. An empty value counts as none, because that is what
// container tools pass on for a variable that isn't set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

std::expected<Loaded, std::vector<Fault>> load(const Environment& environment);

// The environment of this process.
Environment process_environment();

// Whether only this machine can reach an address: "localhost", 127.0.0.0/8, "::1".
bool is_loopback(std::string_view host);

}  // namespace nexus::config
