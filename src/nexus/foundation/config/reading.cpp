#include "nexus/foundation/config/reading.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <array>

#include <algorithm>
#include <charconv>
#include <limits>
#include <ranges>

#include "nexus/foundation/base/text.h"

namespace nexus::config {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

constexpr std::string_view kMask = "***";

// The bytes of a size suffix; nullopt if there is no such suffix.
std::optional<std::uint64_t> suffix_scale(std::string_view suffix) {
  std::string unit(suffix);
  std::ranges::transform(unit, unit.begin(), lower);
  if (unit.empty() || unit == "b") return 1;
  if (unit == "kb") return 1_KiB;
  if (unit == "mb") return 1_MiB;
  if (unit == "gb") return 1_GiB;
  return std::nullopt;
}

// Digits, with a suffix if the unit has suffixes; nullopt for any other text, or above 64 bits.
std::optional<std::uint64_t> parse_number(std::string_view text, Unit unit) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto one = unit == Unit::kSize ? suffix_scale(rest) : std::optional(scale(unit));
  if ((unit != Unit::kSize && !rest.empty()) || !one) return std::nullopt;
  if (number > std::numeric_limits<std::uint64_t>::max() / *one) return std::nullopt;
  return number * *one;
}

std::vector<std::string> items_of(std::string_view text) {
  std::vector<std::string> items;
  for (const auto part : std::views::split(text, ',')) {
    const std::string_view item = trimmed(std::string_view(part.begin(), part.end()));
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

bool is_choice(std::string_view text, std::string_view choices) {
  return std::ranges::any_of(std::views::split(choices, ' '), [&](const auto choice) {
    return std::string_view(choice.begin(), choice.end()) == text;
  });
}

std::string as_size(std::uint64_t bytes) {
  if (bytes == 0) return "0b";
  if (bytes % 1_GiB == 0) return fmt::format("{}gb", bytes / 1_GiB);
  if (bytes % 1_MiB == 0) return fmt::format("{}mb", bytes / 1_MiB);
  return bytes % 1_KiB == 0 ? fmt::format("{}kb", bytes / 1_KiB) : fmt::format("{}b", bytes);
}

std::string_view unit_name(Unit unit) {
  static constexpr std::array<std::string_view, 5> kNames{"", "ms", "bytes", "MiB", ""};  // by Unit
  return kNames[static_cast<std::size_t>(unit)];
}

bool is_form_of(const Kind& kind, Form form) {
  if (form == Form::kWord) return true;
  return std::visit(Overloaded{
                        [&](const Number& number) {
                          return form == Form::kInteger ||
                                 (number.unit == Unit::kSize && form == Form::kString);
                        },
                        [&](const Switch&) { return form == Form::kBoolean; },
                        [&](const Decision&) { return form == Form::kBoolean; },
                        [&](const Text&) { return form == Form::kString; },
                        [&](const Choice&) { return form == Form::kString; },
                        [&](const List&) { return form == Form::kList || form == Form::kString; },
                    },
                    kind);
}

std::string_view form_name(Form form) {
  static constexpr std::array<std::string_view, 6> kNames{
      // by Form
      "of that type", "a string", "an integer", "a boolean", "an array", "of that type"};
  return kNames[static_cast<std::size_t>(form)];
}

struct Reader {
  std::string_view text;

  std::optional<Value> operator()(const Number& number) const {
    const auto value = parse_number(text, number.unit);
    const std::uint64_t one = scale(number.unit);
    if (!value || *value < number.least * one || *value > number.most * one) return std::nullopt;
    return *value;
  }
  std::optional<Value> operator()(const Switch&) const {
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true";
  }
  std::optional<Value> operator()(const Decision&) const {
    if (text != "true" && text != "false") return std::nullopt;
    return text == "true" ? Authentication::kOn : Authentication::kOff;
  }
  std::optional<Value> operator()(const Text& kind) const {
    if (!kind.rule.accepts(text)) return std::nullopt;
    return std::string(text);
  }
  std::optional<Value> operator()(const Choice& kind) const {
    if (!is_choice(text, kind.choices)) return std::nullopt;
    return std::string(text);
  }
  std::optional<Value> operator()(const List& kind) const {
    auto items = items_of(text);
    if (!std::ranges::all_of(items, kind.rule.accepts)) return std::nullopt;
    return items;
  }
};

Shown show_number(const Number& number, std::optional<std::uint64_t> value) {
  if (!value) return {"", unit_name(number.unit)};
  if (number.unit == Unit::kSize) return {as_size(*value), ""};
  const std::uint64_t one = scale(number.unit);
  if (*value % one != 0) return {fmt::to_string(*value), "bytes"};
  return {fmt::to_string(*value / one), unit_name(number.unit)};
}

Row in_bytes(Row row) {
  Number& number = std::get<Number>(row.kind);
  const std::uint64_t one = scale(number.unit);
  number = {Unit::kBytes, number.least * one, number.most * one, number.place};
  return row;
}

// "http://user:password@host" without user and password.
std::string without_user(std::string_view url) {
  const auto at = url.rfind('@');
  if (at == std::string_view::npos) return std::string(url);
  const auto scheme = url.find("://");
  const std::string_view start =
      scheme == std::string_view::npos || scheme > at ? "" : url.substr(0, scheme + 3);
  return fmt::format("{}{}{}", start, kMask, url.substr(at));
}

}  // namespace

std::expected<Value, ValidationError> read(const Row& own, const Given& given) {
  const Row row = given.measure == Measure::kBytes ? in_bytes(own) : own;
  auto error = [&](std::string bound) {
    return std::unexpected(
        ValidationError{std::string(row.name), masked(row, given.text), std::move(bound), given.origin.text});
  };
  if (!is_form_of(row.kind, given.form)) {
    return error(fmt::format("{}, not {}", bound_of(row), form_name(given.form)));
  }
  auto value = std::visit(Reader{given.text}, row.kind);
  if (!value) return error(bound_of(row));
  return *std::move(value);
}

void set(const Row& row, Settings& settings, Value value) {
  std::visit(
      Overloaded{
          [&](const Number& kind) { kind.place.set(settings, std::get<std::uint64_t>(value)); },
          [&](const Switch& kind) { kind.place.set(settings, std::get<bool>(value)); },
          [&](const Decision& kind) { kind.place.set(settings, std::get<Authentication>(value)); },
          [&](const Text& kind) { kind.place.set(settings, std::get<std::string>(std::move(value))); },
          [&](const Choice& kind) { kind.place.set(settings, std::get<std::string>(std::move(value))); },
          [&](const List& kind) {
            kind.place.set(settings, std::get<std::vector<std::string>>(std::move(value)));
          },
      },
      row.kind);
}

std::string bound_of(const Row& row) {
  return std::visit(Overloaded{
                        [](const Number& number) {
                          if (number.unit == Unit::kSize) {
                            return fmt::format("a size such as 64kb or 2mb, from {} to {}",
                                               as_size(number.least), as_size(number.most));
                          }
                          const std::string_view unit = unit_name(number.unit);
                          return fmt::format("a whole number from {} to {}{}{}", number.least, number.most,
                                             unit.empty() ? "" : " ", unit);
                        },
                        [](const Switch&) { return std::string("true or false"); },
                        [](const Decision&) { return std::string("true or false"); },
                        [](const Text& kind) { return std::string(kind.rule.bound); },
                        [](const Choice& kind) { return fmt::format("one of: {}", kind.choices); },
                        [](const List& kind) { return std::string(kind.rule.bound); },
                    },
                    row.kind);
}

bool is_within_bounds(const Row& row, const Settings& settings) {
  const auto* number = std::get_if<Number>(&row.kind);
  const auto value = number == nullptr ? std::nullopt : number->place.get(settings);
  if (!value) return true;
  const std::uint64_t one = scale(number->unit);
  return *value >= number->least * one && *value <= number->most * one;
}

Shown show(const Row& row, const Settings& settings) {
  const Shown shown = std::visit(
      Overloaded{
          [&](const Number& kind) { return show_number(kind, kind.place.get(settings)); },
          [&](const Switch& kind) { return Shown{kind.place.get(settings) ? "true" : "false", ""}; },
          [&](const Decision& kind) {
            const Authentication decision = kind.place.get(settings);
            if (decision == Authentication::kUndecided) return Shown{};
            return Shown{decision == Authentication::kOn ? "true" : "false", ""};
          },
          [&](const Text& kind) { return Shown{kind.place.get(settings), ""}; },
          [&](const Choice& kind) { return Shown{kind.place.get(settings), ""}; },
          [&](const List& kind) {
            return Shown{fmt::format("{}", fmt::join(kind.place.get(settings), ",")), ""};
          },
      },
      row.kind);
  return {masked(row, shown.value), shown.unit};
}

std::string masked(const Row& row, std::string_view text) {
  switch (row.secrecy) {
    case Secrecy::kSecret:
      return std::string(text.empty() ? "" : kMask);
    case Secrecy::kSecretUser:
      return without_user(text);
    case Secrecy::kPublic:
      break;
  }
  return std::string(text);
}

}  // namespace nexus::config
