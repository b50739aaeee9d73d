#include "nexus/foundation/config/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "nexus/foundation/config/addresses.h"
#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"

namespace nexus::config {
namespace {

// Rules are skipped for values that are missing or wrong: their error is reported already.
bool are_sound(const Draft& draft, std::initializer_list<std::string_view> names) {
  return std::ranges::none_of(names, [&](std::string_view name) { return draft.faulty.contains(name); });
}

std::optional<ValidationError> check_ports(const Draft& draft) {
  const ServerConfig& server = draft.loaded.settings.server;
  if (server.http_port == 0 || server.http_port != server.ws_port) return std::nullopt;
  // Blames the port that the operator has set.
  const bool is_ws_given = draft.loaded.origin_of("WS_PORT").source != Source::kDefault;
  const std::string_view blamed = is_ws_given ? "WS_PORT" : "HTTP_PORT",
                         other = is_ws_given ? "HTTP_PORT" : "WS_PORT";
  return error_of(draft.loaded, blamed, fmt::format("another port than {}, or 0", other));
}

std::optional<ValidationError> check_host(const Draft& draft) {
  const Settings& settings = draft.loaded.settings;
  if (settings.auth.enabled != Authentication::kUndecided || is_loopback(settings.server.host))
    return std::nullopt;
  return error_of(
      draft.loaded, "HOST",
      "a loopback address, unless AUTH_ENABLED says whether callers need a token: true, or false for "
      "everyone who can reach it");
}

std::optional<ValidationError> check_one_secret(const Draft& draft) {
  const AuthConfig& auth = draft.loaded.settings.auth;
  if (auth.jwt_secret.empty() || auth.jwt_secret_file.empty()) return std::nullopt;
  return error_of(draft.loaded, "JWT_SECRET_FILE", "left out when JWT_SECRET is given");
}

std::string_view without_newline(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

}  // namespace

ValidationError error_of(const Loaded& loaded, std::string_view name, std::string bound) {
  return {std::string(name), show(*find_row(name), loaded.settings).value, std::move(bound),
          loaded.origin_of(name).text};
}

std::optional<ValidationError> check_instances(const RuntimeConfig& runtime, const std::string& origin) {
  if (runtime.min_instances <= runtime.max_instances) return std::nullopt;
  return ValidationError{"MIN_INSTANCES", fmt::to_string(runtime.min_instances),
                         fmt::format("at most MAX_INSTANCES, which is {}", runtime.max_instances), origin};
}

void let_defaults_follow(Draft& draft) {
  if (draft.loaded.origin_of("MIN_INSTANCES").source != Source::kDefault) return;
  RuntimeConfig& runtime = draft.loaded.settings.runtime;
  runtime.min_instances = std::min(runtime.min_instances, runtime.max_instances);
}

std::vector<ValidationError> check_together(const Draft& draft) {
  std::vector<ValidationError> errors;
  const auto add = [&](std::optional<ValidationError> error) {
    if (error) errors.push_back(*std::move(error));
  };
  if (are_sound(draft, {"MIN_INSTANCES", "MAX_INSTANCES"})) {
    add(check_instances(draft.loaded.settings.runtime, draft.loaded.origin_of("MIN_INSTANCES").text));
  }
  if (are_sound(draft, {"HTTP_PORT", "WS_PORT"})) add(check_ports(draft));
  if (are_sound(draft, {"HOST", "AUTH_ENABLED"})) add(check_host(draft));
  if (are_sound(draft, {"JWT_SECRET", "JWT_SECRET_FILE"})) add(check_one_secret(draft));
  return errors;
}

std::expected<std::string, ValidationError> find_key(const Draft& draft, const ReadFile& read_file) {
  const AuthConfig& auth = draft.loaded.settings.auth;
  if (auth.enabled != Authentication::kOn || !are_sound(draft, {"JWT_SECRET", "JWT_SECRET_FILE"})) return "";
  if (!auth.jwt_secret.empty()) {
    if (auth.jwt_secret.size() >= kLeastKeyBytes) return auth.jwt_secret;
    return std::unexpected(
        error_of(draft.loaded, "JWT_SECRET", fmt::format("at least {} bytes", kLeastKeyBytes)));
  }
  if (auth.jwt_secret_file.empty()) {
    return std::unexpected(
        error_of(draft.loaded, "JWT_SECRET", "given when AUTH_ENABLED is true, or else JWT_SECRET_FILE"));
  }
  const auto content = read_file(auth.jwt_secret_file);
  if (!content) {
    return std::unexpected(error_of(draft.loaded, "JWT_SECRET_FILE",
                                    fmt::format("a file that can be read: {}", content.error().message)));
  }
  const std::string_view key = without_newline(*content);
  if (key.size() >= kLeastKeyBytes) return std::string(key);
  return std::unexpected(
      error_of(draft.loaded, "JWT_SECRET_FILE",
               fmt::format("a file of at least {} bytes, one line's end aside", kLeastKeyBytes)));
}

std::vector<std::string> warnings_about(const Loaded& loaded) {
  std::vector<std::string> warnings;
  const Settings& settings = loaded.settings;
  if (settings.auth.enabled == Authentication::kOff && !is_loopback(settings.server.host)) {
    warnings.push_back(fmt::format(
        "HOST is {} and AUTH_ENABLED is false: everyone who can reach it may call it", settings.server.host));
  }
  const bool has_secret = !settings.auth.jwt_secret.empty() || !settings.auth.jwt_secret_file.empty();
  if (has_secret && settings.auth.enabled != Authentication::kOn) {
    warnings.push_back("there is a secret for tokens, but AUTH_ENABLED is not true: callers need no token");
  }
  for (const auto& [name, origin] : loaded.origins) {
    if (find_row(name)->effect == Effect::kNotYet) {
      warnings.push_back(fmt::format("{} (from {}) has no effect yet", name, origin.text));
    }
  }
  return warnings;
}

}  // namespace nexus::config
