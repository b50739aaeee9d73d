#include "nexus/config/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "nexus/config/table.h"

namespace nexus::config {
namespace {

struct Found {
  std::string text;
  std::string origin;
};

std::optional<Found> look_up(const Environment& environment, std::string_view name) {
  for (const std::string& variable : {fmt::format("NEXUS_{}", name), std::string(name)}) {
    if (auto text = environment(variable); text && !text->empty()) return Found{*std::move(text), variable};
  }
  return std::nullopt;
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// What one of the suffix stands for; none: no such suffix.
std::optional<std::uint64_t> scale_of(std::string_view suffix) {
  const std::string lower = in_lower_case(suffix);
  if (lower.empty() || lower == "b") return 1;
  if (lower == "kb") return 1_KiB;
  if (lower == "mb") return 1_MiB;
  if (lower == "gb") return 1_GiB;
  return std::nullopt;
}

// Digits, followed by a suffix if the unit has them; none when it is anything else or doesn't fit 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text, Unit unit) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (unit != Unit::kSize) return rest.empty() ? std::optional(number) : std::nullopt;
  const auto scale = scale_of(rest);
  if (!scale || number > std::numeric_limits<std::uint64_t>::max() / *scale) return std::nullopt;
  return number * *scale;
}

std::string_view suffix_of(Unit unit) {
  switch (unit) {
    case Unit::kMilliseconds:
      return " (milliseconds)";
    case Unit::kBytes:
      return " (bytes)";
    case Unit::kMiB:
      return " (MiB)";
    case Unit::kNumber:
    case Unit::kSize:
      break;
  }
  return "";
}

std::string as_size(std::uint64_t bytes) {
  if (bytes % 1_GiB == 0) return fmt::format("{}gb", bytes / 1_GiB);
  if (bytes % 1_MiB == 0) return fmt::format("{}mb", bytes / 1_MiB);
  return bytes % 1_KiB == 0 ? fmt::format("{}kb", bytes / 1_KiB) : fmt::format("{}b", bytes);
}

std::string bound_of(const NumberSetting& row) {
  if (row.unit == Unit::kSize) {
    return fmt::format("a size such as {}, from {} to {}", as_size(row.standard), as_size(row.least),
                       as_size(row.most));
  }
  return fmt::format("a whole number from {} to {}{}", row.least, row.most, suffix_of(row.unit));
}

bool is_choice(std::string_view text, std::string_view choices) {
  while (!choices.empty()) {
    const auto end = std::min(choices.find(' '), choices.size());
    if (choices.substr(0, end) == text) return true;
    choices.remove_prefix(std::min(end + 1, choices.size()));
  }
  return false;
}

bool is_address(const std::string& host) {
  in6_addr unused{};
  return host == "localhost" || inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

// What depends on more than one row.
void check_together(const Environment& environment, Loaded& loaded, std::vector<Fault>& faults) {
  const Settings& settings = loaded.settings;
  const auto origin_of = [&](std::string_view name) {
    const auto found = look_up(environment, name);
    return found ? found->origin : std::string("default");
  };
  if (settings.min_instances > settings.max_instances) {
    faults.push_back({"MIN_INSTANCES", std::to_string(settings.min_instances),
                      fmt::format("at most MAX_INSTANCES, which is {}", settings.max_instances),
                      origin_of("MIN_INSTANCES")});
  }
  if (!is_address(settings.host)) {
    faults.push_back({"HOST", settings.host, "an IP address or localhost", origin_of("HOST")});
  } else if (!is_loopback(settings.host)) {
    if (settings.auth_enabled != "false") {
      faults.push_back(
          {"HOST", settings.host,
           "a loopback address, or AUTH_ENABLED=false must say that everyone who can reach it may call it",
           origin_of("HOST")});
    } else {
      loaded.warnings.push_back(fmt::format(
          "HOST is {} and AUTH_ENABLED is false: everyone who can reach it may call it", settings.host));
    }
  }
}

}  // namespace

std::string describe(const Fault& fault) {
  return fmt::format("{} is \"{}\" (from {}); it must be {}", fault.field, fault.value, fault.origin,
                     fault.bound);
}

std::expected<Loaded, std::vector<Fault>> load(const Environment& environment) {
  Loaded loaded;
  std::vector<Fault> faults;
  for (const NumberSetting& row : number_settings()) {
    loaded.settings.*row.value = row.standard;
    const auto found = look_up(environment, row.name);
    if (!found) continue;
    const auto number = parse_number(found->text, row.unit);
    if (number && *number >= row.least && *number <= row.most) {
      loaded.settings.*row.value = *number;
    } else {
      faults.push_back({std::string(row.name), found->text, bound_of(row), found->origin});
    }
  }
  for (const ChoiceSetting& row : choice_settings()) {
    loaded.settings.*row.value = row.standard;
    auto found = look_up(environment, row.name);
    if (!found) continue;
    if (row.choices.empty() || is_choice(found->text, row.choices)) {
      loaded.settings.*row.value = std::move(found->text);
    } else {
      faults.push_back(
          {std::string(row.name), found->text, fmt::format("one of: {}", row.choices), found->origin});
    }
  }
  check_together(environment, loaded, faults);
  if (!faults.empty()) return std::unexpected(std::move(faults));
  return loaded;
}

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

bool is_loopback(std::string_view host) {
  in_addr address{};
  const std::string text(host);
  if (inet_pton(AF_INET, text.c_str(), &address) == 1) return (ntohl(address.s_addr) >> 24) == 127;
  return host == "localhost" || host == "::1";
}

}  // namespace nexus::config
