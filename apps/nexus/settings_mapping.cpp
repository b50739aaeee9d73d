#include "settings_mapping.h"

#include <algorithm>
#include <thread>

#include "nexus/foundation/system/cpu_quota.h"
#include "nexus/sandbox/handlers/cache_folder.h"

namespace nexus::app {
namespace {

// Spare memories: a new instance may start while an old one is still being destroyed.
constexpr std::size_t kSpareMemories = 64;

}  // namespace

sandbox::RuntimeOptions runtime_options_of(const config::RuntimeConfig& runtime) {
  return {.max_memories = runtime.max_instances + kSpareMemories};
}

budget::MemoryMonitor::Options memory_monitor_options_of(const config::RuntimeConfig& runtime) {
  return {runtime.memory_budget_bytes, runtime.memory_limit_bytes};
}

std::optional<handlers::DiskCache::Options> disk_cache_options_of(const config::RuntimeConfig& settings,
                                                                  const sandbox::Runtime& runtime) {
  if (settings.cache_dir.empty() || settings.max_cache_size_bytes == 0) return std::nullopt;
  return handlers::DiskCache::Options{
      .open = [directory = settings.cache_dir] { return handlers::open_cache_folder(directory); },
      .max_bytes = settings.max_cache_size_bytes,
      .origin = runtime.image_origin(),
      .base = runtime.base_image()};
}

shard::Shard::Options shard_options_of(const config::RuntimeConfig& runtime) {
  return {.image_cache_bytes = runtime.image_cache_bytes,
          .pool = {.max_instances = static_cast<std::uint32_t>(runtime.max_instances),
                   .min_instances = static_cast<std::uint32_t>(runtime.min_instances),
                   .max_queue = static_cast<std::uint32_t>(runtime.max_queue),
                   .queue_timeout_ms = runtime.queue_timeout_ms},
          .max_panel_queue = static_cast<std::uint32_t>(runtime.max_panel_queue),
          .admission = {runtime.max_queue, runtime.queue_timeout_ms},
          .suspension_ttl_ms = runtime.suspension_ttl_ms,
          .ceiling = {runtime, *Capabilities::parse(runtime.capabilities)}};
}

http::Server::Options server_options_of(const config::Settings& settings) {
  return {.grace_ms = settings.server.shutdown_grace_ms,
          .rules = {.body_limit_bytes = settings.server.body_limit_bytes,
                    .logs_access = settings.logging.access}};
}

http::Listener::Options listener_options_of(const config::ServerConfig& server) {
  return {.host = server.host, .port = static_cast<std::uint16_t>(server.http_port)};
}

http::Listener::Options ws_listener_options_of(const config::ServerConfig& server) {
  return {.host = server.host,
          .port = static_cast<std::uint16_t>(server.ws_port),
          .serves = http::Port::kWebSockets};
}

api::SocketOptions socket_options_of(const config::ServerConfig& server) {
  return {.body_limit_bytes = server.body_limit_bytes,
          .trust = server.trust_proxy ? http::ProxyTrust::kForwarded : http::ProxyTrust::kNone};
}

std::size_t loops_of(const config::Settings& settings) {
  const std::uint64_t wanted = settings.server.threads.value_or(
      system::usable_cpus(std::thread::hardware_concurrency(), system::cpu_quota(system::read_kernel_file)));
  return std::min(wanted, settings.runtime.max_instances);
}

auth::AuthorizerOptions authorizer_options_of(const config::Settings& settings) {
  const bool is_on = settings.auth.enabled == config::Authentication::kOn;
  return {.jwt_key = is_on ? std::optional(settings.auth.key) : std::nullopt,
          .allowed_hosts = settings.server.allowed_hosts,
          .cors_origins = settings.server.cors_origins};
}

}  // namespace nexus::app
