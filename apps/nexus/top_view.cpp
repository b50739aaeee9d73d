#include "top_view.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::app {
namespace {

using diagnostics::bytes_text;
using simdjson::dom::element;

constexpr std::size_t kBarWidth = 24;

// A missing member, or one of another type, counts as zero or empty, because another version of the server may send
// other members. `Json`: an element, or the result of a lookup.
template <class Json>
std::uint64_t number(const Json& object, std::string_view key) {
  std::uint64_t value = 0;
  return object[key].get_uint64().get(value) == simdjson::SUCCESS ? value : 0;
}
template <class Json>
std::string_view text(const Json& object, std::string_view key) {
  std::string_view value;
  return object[key].get_string().get(value) == simdjson::SUCCESS ? value : "?";
}
template <class Json>
std::vector<element> array(const Json& object, std::string_view key) {
  simdjson::dom::array values;
  if (object[key].get_array().get(values) != simdjson::SUCCESS) return {};
  return {values.begin(), values.end()};
}

std::string bar(std::uint64_t part, std::uint64_t whole) {
  const double share = whole == 0 ? 0 : std::min(1.0, static_cast<double>(part) / static_cast<double>(whole));
  const auto filled = static_cast<std::size_t>(share * kBarWidth + 0.5);
  return fmt::format("[{:#<{}}{:.<{}}]", "", filled, "", kBarWidth - filled);
}

std::string time_text(std::uint64_t microseconds) {
  if (microseconds < 1'000'000) return fmt::format("{:.1f} ms", static_cast<double>(microseconds) / 1e3);
  return fmt::format("{:.1f} s", static_cast<double>(microseconds) / 1e6);
}

class View {
 public:
  explicit View(const element& memory) : memory_(memory) {}

  std::vector<std::string> draw(std::string_view url) && {
    line("nexus at {}: {} resident, {} of {} granted, {} not accounted, {} in reserve", url,
         bytes("residentBytes"), bytes("grantedBytes"), bytes("grantableBytes"), bytes("unaccountedBytes"),
         bytes("reserveBytes"));
    line("");
    draw_limits();
    draw_kinds();
    draw_counts();
    draw_handlers();
    draw_texts("advice", array(memory_, "advice"));
    for (const element& exit : array(memory_, "uncleanExits"))
      draw_texts("an unclean exit", array(exit, "lines"));
    return std::move(lines_);
  }

 private:
  template <class... Args>
  void line(fmt::format_string<Args...> format, Args&&... args) {
    std::string text = fmt::format(format, std::forward<Args>(args)...);
    // Text of the server must not control the terminal.
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    lines_.push_back(std::move(text));
  }
  std::string bytes(std::string_view key) const { return bytes_text(number(memory_, key)); }

  void draw_limits() {
    for (const element& layer : array(memory_, "limits")) {
      const std::uint64_t limit = number(layer, "limitBytes"), used = number(layer, "usedBytes");
      line("{:<11}{} {:>9} of {}, {} free ({})", text(layer, "layer"), bar(used, limit), bytes_text(used),
           bytes_text(limit), bytes_text(number(layer, "freeBytes")), text(layer, "setting"));
    }
    line("");
  }

  void draw_kinds() {
    simdjson::dom::object kinds;
    if (memory_["kinds"].get_object().get(kinds) != simdjson::SUCCESS) return;
    const std::uint64_t whole = number(memory_, "grantableBytes");
    for (const auto& [kind, value] : kinds) {
      std::uint64_t held = 0;
      if (value.get_uint64().get(held) != simdjson::SUCCESS) continue;
      line("{:<11}{} {:>9}", kind, bar(held, whole), bytes_text(held));
    }
    line("");
  }

  void draw_counts() {
    const auto pool = memory_["pool"], refusals = memory_["refusals"];
    line("{:<11}{} active, {} idle, at most {}; {} wait for one", "instances", number(pool, "active"),
         number(pool, "idle"), number(pool, "max"), number(pool, "waiting"));
    const auto tracking = pool["writeTracking"];
    line("{:<11}{} write-protected, {} copied back whole", "memories", number(tracking, "protected"),
         number(tracking, "copied"));
    line("{:<11}container {}, budget {}, pool {}, panel {}", "refused", number(refusals, "container"),
         number(refusals, "budget"), number(refusals, "pool"), number(refusals, "panel"));
    line("");
  }

  void draw_handlers() {
    line("{:<32}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>11}{:>11}{:>9}", "handler", "now", "image",
         "p99", "highest", "limit", "calls", "time", "host calls", "suspended", "refused");
    for (const element& use : array(memory_, "handlers")) {
      line("{:<31} {:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}{:>11}{:>11}{:>9}", text(use, "name"),
           bytes_text(number(use, "heldBytes")), bytes_text(number(use, "imageBytes")),
           bytes_text(number(use, "p99Bytes")), bytes_text(number(use, "highWaterBytes")),
           bytes_text(number(use, "memoryLimitBytes")), number(use, "executions"),
           time_text(number(use, "runningUs")), number(use, "hostCalls"), number(use, "suspensions"),
           number(use, "refusals"));
    }
  }

  void draw_texts(std::string_view title, const std::vector<element>& texts) {
    if (texts.empty()) return;
    line("");
    line("{}", title);
    for (const element& one : texts) {
      std::string_view words;
      if (one.get_string().get(words) == simdjson::SUCCESS) line("  {}", words);
    }
  }

  const element& memory_;
  std::vector<std::string> lines_;
};

}  // namespace

std::optional<std::vector<std::string>> top_view(std::string_view memory_json, std::string_view url) {
  simdjson::dom::parser parser;
  element memory;
  simdjson::dom::array limits;
  if (parser.parse(memory_json).get(memory) != simdjson::SUCCESS ||
      memory["limits"].get_array().get(limits) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return View(memory).draw(url);
}

}  // namespace nexus::app
