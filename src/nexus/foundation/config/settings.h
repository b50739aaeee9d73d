// The effective configuration, grouped as its file is: [server] [runtime] [extensions.http] [logging] [auth] [store].
// Settings{} has every default; load() (load.h) makes one from the operator's input. table.h has the bounds and the
// meaning of each value. A number without a unit in its name is a count.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/model/limits.h"

namespace nexus::config {

// [runtime]: the limits of one execution and the number of executions. validate() (load.h) checks a RuntimeConfig
// that load() has not made.
struct RuntimeConfig : Limits {
  std::uint64_t max_instances = 1024;
  std::uint64_t min_instances = 2;
  std::uint64_t max_queue = 1024;
  std::uint64_t queue_timeout_ms = 2000;
  std::uint64_t max_panel_queue = 64;
  std::uint64_t suspension_ttl_ms = 300'000;
  std::optional<std::uint64_t> memory_budget_bytes;  // none: the limit of the container or machine
  std::uint64_t image_cache_bytes = 64_MiB;
  std::string cache_dir = "/tmp/nexus-cache";
  std::uint64_t max_cache_size_bytes = 64_MiB;
  std::vector<std::string> capabilities{"state:*", "events:*", "view:*", "ext:*"};

  bool operator==(const RuntimeConfig&) const = default;
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  std::uint64_t http_port = 3000;        // 0: the kernel chooses
  std::uint64_t ws_port = 3001;          // 0: the kernel chooses
  std::optional<std::uint64_t> threads;  // none: one per usable processor
  std::uint64_t body_limit_bytes = 1_MiB;
  std::uint64_t sync_wait_ms = 55'000;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> cors_origins;
  bool trust_proxy = false;
  std::uint64_t shutdown_delay_ms = 0;
  std::uint64_t shutdown_grace_ms = 25'000;

  bool operator==(const ServerConfig&) const = default;
};

// [extensions.http]
struct HttpExtensionConfig {
  std::uint64_t max_concurrent = 10;
  std::uint64_t timeout_ms = 30'000;
  std::vector<std::string> allowed_domains;  // empty: all
  bool allow_private = false;
  std::string proxy;  // empty: none

  bool operator==(const HttpExtensionConfig&) const = default;
};

struct LoggingConfig {
  std::string level = "info";
  bool pretty = false;
  bool access = false;

  bool operator==(const LoggingConfig&) const = default;
};

// Undecided differs from off: see HOST.
enum class Authentication : std::uint8_t { kUndecided, kOff, kOn };

struct AuthConfig {
  Authentication enabled = Authentication::kUndecided;
  std::string jwt_secret;       // as given
  std::string jwt_secret_file;  // as given
  std::string
      key;  // the key from either of them: at least kLeastKeyBytes if authentication is on, else empty

  bool operator==(const AuthConfig&) const = default;
};

// HS256 requires a key as long as its hash (RFC 7518, section 3.2).
inline constexpr std::size_t kLeastKeyBytes = 32;

struct StoreConfig {
  std::string state_store = "memory";
  std::string data_dir;  // empty: none

  bool operator==(const StoreConfig&) const = default;
};

struct Settings {
  ServerConfig server;
  RuntimeConfig runtime;
  HttpExtensionConfig http;
  LoggingConfig logging;
  AuthConfig auth;
  StoreConfig store;

  bool operator==(const Settings&) const = default;
};

}  // namespace nexus::config
