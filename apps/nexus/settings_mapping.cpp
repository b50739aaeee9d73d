#include "settings_mapping.h"
#include "stderr_sink.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>

namespace nexus::app {
namespace {

// Beyond those that run: memories of instances that are being given up while others are made in their place.
constexpr std::size_t kSpareMemories = 64;

}  // namespace

sandbox::Limits limits_of(const config::Settings& settings) {
  return {
      .memory_limit_bytes = settings.memory_limit_mb * 1_MiB,
      .timeout_ms = settings.timeout_ms,
      .max_wall_ms = settings.max_wall_ms,
      .max_host_calls = settings.max_host_calls,
      .max_state_mutations = settings.max_state_mutations,
      .max_events = settings.max_events,
      .max_view_commands = settings.max_view_commands,
      .max_journal_bytes = settings.max_journal_bytes,
      .max_result_bytes = settings.max_result_bytes,
      .max_state_bytes = settings.max_state_bytes,
      .max_log_bytes = settings.max_log_bytes,
      .stack_size_bytes = settings.stack_size_bytes,
  };
}

sandbox::RuntimeOptions runtime_options_of(const config::Settings& settings) {
  return {.max_memories = settings.max_instances + kSpareMemories};
}

pool::PoolOptions pool_options_of(const config::Settings& settings) {
  return {.max_instances = static_cast<std::uint32_t>(settings.max_instances),
          .min_instances = static_cast<std::uint32_t>(settings.min_instances),
          .max_queue = static_cast<std::uint32_t>(settings.max_queue),
          .queue_timeout_ms = settings.queue_timeout_ms};
}

server::ServerOptions server_options_of(const config::Settings& settings) {
  return {.host = settings.host,
          .port = static_cast<std::uint16_t>(settings.http_port),
          .grace_ms = settings.shutdown_grace_ms,
          .rules = {.body_limit_bytes = settings.body_limit_bytes}};
}

std::optional<config::Settings> load_settings() {
  // stdout is for what the program was asked to print.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("nexus", make_stderr_sink()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  auto loaded = config::load(config::process_environment());
  if (!loaded) {
    for (const config::Fault& fault : loaded.error())
      fmt::print(stderr, "nexus: {}\n", config::describe(fault));
    return std::nullopt;
  }
  spdlog::set_level(spdlog::level::from_str(loaded->settings.log_level));
  for (const std::string& warning : loaded->warnings)
    spdlog::warn(warning);
  return std::move(loaded->settings);
}

}  // namespace nexus::app
