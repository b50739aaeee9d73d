// RESULT is written by hand into the response's buffer: its parts are JSON texts already, and every call's response
// has one.
#include "nexus/foundation/model/result.h"

#include <array>
#include <charconv>
#include <concepts>
#include <iterator>
#include <string_view>
#include <unordered_map>

#include "nexus/foundation/json/json.h"

namespace nexus {
namespace {

constexpr std::size_t kMostMessageBytes = 4096;
constexpr std::size_t kMostStackBytesShown = 16384;

template <std::integral Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), written.ptr);
}

// At most `most` bytes of `text`, without a cut UTF-8 sequence at the end.
std::string_view start_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t size = most;
  while (size > most - 3 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;
  return text.substr(0, size);
}

// "null" for a value that the caller left out, so that the object keeps all its members.
std::string_view or_null(std::string_view json) { return json.empty() ? "null" : json; }

template <class Items, class Append>
void append_array(std::string& out, const Items& items, Append append) {
  out.push_back('[');
  bool is_first = true;
  for (const auto& item : items) {
    if (!is_first) out.push_back(',');
    is_first = false;
    append(item);
  }
  out.push_back(']');
}

void append_journal(std::string& out, const Journal& journal) {
  out.append(",\"stateMutations\":");
  append_array(out, journal.mutations,
               [&out](const StateMutation& mutation) { append_mutation_json(out, mutation); });
  out.append(",\"events\":");
  append_array(out, journal.events, [&out](const Event& event) { append_event_json(out, event); });
  out.append(",\"viewCommands\":");
  append_array(out, journal.view_commands, [&out](const ViewCommand& command) {
    out.append("{\"viewId\":");
    append_json_string(out, command.view_id);
    out.append(",\"command\":");
    append_json_string(out, command.command);
    out.append(",\"params\":").append(or_null(command.params_json)).push_back('}');
  });
}

void append_error(std::string& out, const Error& error) {
  out.append(",\"error\":{\"code\":\"").append(name(error.code)).append("\",\"message\":");
  append_json_string(out, start_of(error.message, kMostMessageBytes));
  if (!error.stack.empty()) {
    out.append(",\"stack\":");
    append_json_string(out, start_of(error.stack, kMostStackBytesShown));
  }
  if (error.location) {
    out.append(",\"location\":{\"line\":");
    append_number(out, error.location->line);
    out.append(",\"column\":");
    append_number(out, error.location->column);
    out.append(",\"sourceSnippet\":");
    append_json_string(out, error.location->snippet);
    out.push_back('}');
  }
  if (error.limit) {
    out.append(",\"details\":{\"layer\":");
    append_json_string(out, error.limit->layer);
    out.append(",\"setting\":");
    append_json_string(out, error.limit->setting);
    out.append(",\"limit\":");
    append_number(out, error.limit->limit);
    out.append(",\"wanted\":");
    append_number(out, error.limit->wanted);
    out.push_back('}');
  }
  out.push_back('}');
}

void append_metrics(std::string& out, const ExecutionMetrics& metrics) {
  out.append(",\"metrics\":{\"executionTimeUs\":");
  append_number(out, metrics.execution_time_us);
  out.append(",\"memoryUsedBytes\":");
  append_number(out, metrics.memory_used_bytes);
  out.append(",\"memoryPeakBytes\":");
  append_number(out, metrics.memory_peak_bytes);
  out.append(",\"hostCalls\":");
  append_number(out, metrics.host_calls.total());
  out.append(metrics.cache_hit ? ",\"cacheHit\":true}" : ",\"cacheHit\":false}");
}

std::string_view level_name(LogLevel level) {
  static constexpr std::array<std::string_view, 4> kNames{"debug", "info", "warn", "error"};  // by LogLevel
  return kNames[static_cast<std::size_t>(level)];
}

void append_logs(std::string& out, const ExecutionResult& result) {
  out.append(",\"logs\":");
  append_array(out, result.logs, [&out](const LogLine& line) {
    out.append("{\"level\":\"").append(level_name(line.level)).append("\",\"text\":");
    append_json_string(out, line.text);
    out.push_back('}');
  });
  if (result.log_lines_dropped > 0) {
    out.append(",\"logLinesDropped\":");
    append_number(out, result.log_lines_dropped);
  }
}

constexpr std::size_t kFrame = 320, kPerItem = 80;

std::size_t expected_size(const Journal& journal) {
  std::size_t size = 0;
  for (const StateMutation& mutation : journal.mutations)
    size += kPerItem + mutation.key.size() + (mutation.json ? mutation.json->size() : 0);
  for (const Event& event : journal.events)
    size += kPerItem + event.name.size() + event.payload_json.size();
  for (const ViewCommand& command : journal.view_commands)
    size += kPerItem + command.view_id.size() + command.command.size() + command.params_json.size();
  return size;
}

// A guess of RESULT's size, so that the buffer usually grows once; escapes and errors may make it grow again.
std::size_t expected_size(const ExecutionResult& result) {
  return kFrame + result.return_json.size() + expected_size(result.journal) + expected_size(result.earlier);
}

bool is_empty(const Journal& journal) {
  return journal.mutations.empty() && journal.events.empty() && journal.view_commands.empty();
}

template <class Item>
void move_behind(std::vector<Item>& items, std::vector<Item>& later) {
  items.insert(items.end(), std::make_move_iterator(later.begin()), std::make_move_iterator(later.end()));
}

}  // namespace

void append(Journal& journal, Journal later) {
  std::unordered_map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < journal.mutations.size(); ++i)
    places.emplace(journal.mutations[i].key, i);
  std::vector<StateMutation> others;
  for (StateMutation& mutation : later.mutations) {
    const auto place = places.find(mutation.key);
    if (place == places.end()) {
      others.push_back(std::move(mutation));
    } else {
      journal.mutations[place->second].json = std::move(mutation.json);
    }
  }
  move_behind(journal.mutations, others);
  move_behind(journal.events, later.events);
  move_behind(journal.view_commands, later.view_commands);
}

std::uint64_t text_bytes(const ExecutionResult& result) {
  std::uint64_t bytes = expected_size(result);
  for (const LogLine& line : result.logs)
    bytes += kPerItem + line.text.size();
  if (result.error) bytes += result.error->message.size() + result.error->stack.size();
  return bytes;
}

void append_mutation_json(std::string& out, const StateMutation& mutation) {
  out.append(mutation.json ? "{\"op\":\"set\",\"key\":" : "{\"op\":\"delete\",\"key\":");
  append_json_string(out, mutation.key);
  if (mutation.json) out.append(",\"value\":").append(*mutation.json);
  out.push_back('}');
}

void append_event_json(std::string& out, const Event& event) {
  out.append("{\"name\":");
  append_json_string(out, event.name);
  out.append(",\"payload\":").append(or_null(event.payload_json)).append(",\"timestamp\":");
  append_number(out, event.timestamp_ms);
  out.push_back('}');
}

void append_result_json(std::string& out, const ExecutionResult& result, WithLogs with_logs) {
  out.reserve(out.size() + expected_size(result));
  out.append("{\"executionId\":");
  append_json_string(out, result.execution_id);
  out.append(result.ok() ? ",\"status\":\"success\"" : ",\"status\":\"error\"");
  if (!result.return_json.empty()) out.append(",\"returnValue\":").append(result.return_json);
  if (is_empty(result.earlier)) {
    append_journal(out, result.journal);
  } else {
    Journal all = result.earlier;
    append(all, result.journal);
    append_journal(out, all);
  }
  if (result.error) append_error(out, *result.error);
  append_metrics(out, result.metrics);
  if (with_logs == WithLogs::kYes) append_logs(out, result);
  out.push_back('}');
}

}  // namespace nexus
