#include "config_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "load_settings.h"
#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"
#include "nexus/foundation/json/json_text.h"

namespace nexus::app {
namespace {

using config::Row;

std::string_view source_name(config::Source source) {
  static constexpr std::array<std::string_view, 4> kNames{"default", "file", "environment", "flag"};
  return kNames[static_cast<std::size_t>(source)];
}

// The value as JSON: a number for a number, an array for a list.
std::string value_json(const Row& row, const config::Settings& settings, const config::Shown& shown) {
  if (const auto* list = std::get_if<config::List>(&row.kind))
    return json_array(list->place.get(settings), json_string);
  if (shown.value.empty()) return "null";
  const auto* number = std::get_if<config::Number>(&row.kind);
  const bool is_plain_number = number != nullptr && number->unit != config::Unit::kSize;
  const bool is_boolean =
      std::holds_alternative<config::Switch>(row.kind) || std::holds_alternative<config::Decision>(row.kind);
  return is_plain_number || is_boolean ? shown.value : json_string(shown.value);
}

std::string setting_json(const config::Loaded& loaded, const Row& row) {
  const config::Shown shown = config::show(row, loaded.settings);
  const config::Origin& origin = loaded.origin_of(row.name);
  return JsonObject()
      .add("name", row.name)
      .add("key", config::file_key(row))
      .add("flag", config::flag(row))
      .add_json("value", value_json(row, loaded.settings, shown))
      .add("unit", shown.unit)
      .add("source", source_name(origin.source))
      .add("origin", origin.text)
      .text();
}

std::string value_text(const Row& row, const config::Shown& shown) {
  if (!shown.value.empty()) return config::printable(shown.value);
  return row.unset.empty() ? "-" : fmt::format("({})", row.unset);
}

std::string errors_json(const std::vector<config::ValidationError>& errors) {
  const auto error_json = [](const config::ValidationError& error) {
    return JsonObject()
        .add("field", error.field)
        .add("value", error.value)
        .add("bound", error.bound)
        .add("origin", error.origin)
        .text();
  };
  return JsonObject().add_json("faults", json_array(errors, error_json)).text();
}

}  // namespace

std::string config_table(const config::Loaded& loaded) {
  constexpr std::size_t kColumns = 4;
  std::vector<std::array<std::string, kColumns>> lines{{"NAME", "VALUE", "UNIT", "ORIGIN"}};
  for (const Row& row : config::rows()) {
    const config::Shown shown = config::show(row, loaded.settings);
    lines.push_back({std::string(row.name), value_text(row, shown),
                     std::string(shown.value.empty() ? "" : shown.unit), loaded.origin_of(row.name).text});
  }
  std::array<std::size_t, kColumns> widths{};
  for (const auto& line : lines) {
    for (std::size_t column = 0; column < kColumns; ++column)
      widths[column] = std::max(widths[column], line[column].size());
  }
  std::string text;
  for (const auto& line : lines) {
    text += fmt::format("{:<{}}  {:<{}}  {:<{}}  {}\n", line[0], widths[0], line[1], widths[1], line[2],
                        widths[2], line[3]);
  }
  return text;
}

std::string config_json(const config::Loaded& loaded) {
  const auto settings = json_array(config::rows(), [&](const Row& row) { return setting_json(loaded, row); });
  return JsonObject()
      .add_json("settings", settings)
      .add_json("warnings", json_array(loaded.warnings, json_string))
      .text();
}

std::optional<config::Loaded> load_and_report(const ConfigArguments& arguments, bool prints_json) {
  auto loaded = load_configuration(arguments);
  if (loaded) return *std::move(loaded);
  if (prints_json) {
    fmt::print("{}\n", errors_json(loaded.error()));
  } else {
    print_errors(loaded.error());
  }
  return std::nullopt;
}

void print_warnings(const config::Loaded& loaded) {
  for (const std::string& warning : loaded.warnings)
    fmt::print(stderr, "nexus: {}\n", warning);
}

}  // namespace nexus::app
