#include "log_format.h"

#include <fmt/format.h>

#include <chrono>
#include <climits>
#include <string>

#include "nexus/foundation/base/log.h"
#include "nexus/foundation/base/time_text.h"
#include "nexus/foundation/json/json.h"

namespace nexus::app {
namespace {

// The most that the stderr sink writes in one piece.
constexpr std::size_t kMostLineBytes = PIPE_BUF;
// A byte of the message may become six in JSON, and the fields need room too.
constexpr std::size_t kMostEscaped = 6;

// The name in LOG_LEVEL, which differs from spdlog's.
std::string_view level_name(spdlog::level::level_enum level) {
  if (level == spdlog::level::warn) return "warn";
  const auto name = spdlog::level::to_string_view(level);
  return {name.data(), name.size()};
}

std::string time_of(const spdlog::details::log_msg& message) {
  return as_time(std::chrono::floor<std::chrono::milliseconds>(message.time.time_since_epoch()).count());
}

std::string json_of(const spdlog::details::log_msg& message, const LogParts& parts, std::string_view words) {
  std::string line =
      fmt::format(R"({{"time":"{}","level":"{}","message":)", time_of(message), level_name(message.level));
  append_json_string(line, words);
  for (const auto& [name, value] : parts.fields) {
    line.append(",\"").append(name).append("\":");
    append_json_string(line, value);
  }
  line += "}\n";
  return line;
}

class JsonFormat final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const LogParts parts = log_parts({message.payload.data(), message.payload.size()});
    std::string_view words = parts.words;
    std::string line = json_of(message, parts, words);
    while (line.size() > kMostLineBytes && !words.empty()) {
      const std::size_t excess = (line.size() - kMostLineBytes + kMostEscaped - 1) / kMostEscaped;
      words.remove_suffix(std::min(words.size(), excess));
      line = json_of(message, parts, words);
    }
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormat>(); }
};

class TextFormat final : public spdlog::formatter {
 public:
  explicit TextFormat(bool has_colours) : has_colours_(has_colours) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const LogParts parts = log_parts({message.payload.data(), message.payload.size()});
    std::string line = fmt::format("{} {}", time_of(message), level_of(message.level));
    for (const auto& [name, value] : parts.fields)
      line += fmt::format(" {}={}", name, value);
    line.append(" ").append(parts.words).append("\n");
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<TextFormat>(has_colours_);
  }

 private:
  std::string level_of(spdlog::level::level_enum level) const {
    const std::string_view name = level_name(level);
    if (!has_colours_ || level < spdlog::level::warn) return std::string(name);
    return fmt::format("\x1b[{}m{}\x1b[0m", level == spdlog::level::warn ? 33 : 31, name);
  }

  bool has_colours_;
};

}  // namespace

std::unique_ptr<spdlog::formatter> json_log_format() { return std::make_unique<JsonFormat>(); }

std::unique_ptr<spdlog::formatter> text_log_format(bool has_colours) {
  return std::make_unique<TextFormat>(has_colours);
}

}  // namespace nexus::app
