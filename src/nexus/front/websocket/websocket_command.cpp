#include "nexus/front/websocket/websocket_command.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <optional>

#include "nexus/foundation/json/json.h"
#include "nexus/foundation/json/json_reading.h"
#include "nexus/runtime/subscribers/topics.h"

namespace nexus::websocket {
namespace {

constexpr std::size_t kMostRequestIdBytes = 256;  // as JSON

// The fields of a message, each as its JSON text. A repeated field is an error.
struct Fields {
  std::optional<std::string> type, tool, args, request_id, topics;
  std::optional<ErrorResponse> error;

  void take(std::string_view key, std::string_view value) {
    std::optional<std::string>* const field = find(key);
    if (field == nullptr) {
      refuse(key, "is not a field of this message");
    } else if (*field) {
      refuse(key, "is there twice");
    } else {
      *field = value;
    }
  }
  void refuse(std::string_view path, std::string_view message) {
    if (!error) error = refuse_message_part(path, message);
  }

 private:
  std::optional<std::string>* find(std::string_view key) {
    if (key == "type") return &type;
    if (key == "tool") return &tool;
    if (key == "args") return &args;
    if (key == "requestId") return &request_id;
    return key == "topics" ? &topics : nullptr;
  }
};

// None: the value is no string.
std::optional<std::string> as_string(std::string_view json) {
  if (!json.starts_with('"')) return std::nullopt;
  const simdjson::padded_string padded = padded_copy(json);
  simdjson::ondemand::parser parser;
  OndemandDocument document;
  std::string_view text;
  if (!document.parse(parser, padded) || document.get_string().get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(text);
}

bool is_request_id(std::string_view json) {
  return json.size() <= kMostRequestIdBytes &&
         (json.front() == '"' || json.front() == '-' || (json.front() >= '0' && json.front() <= '9'));
}

std::vector<std::string> topics_of(Fields& fields) {
  std::vector<std::string> topics;
  if (!fields.topics) {
    fields.refuse("topics", "is missing");
    return topics;
  }
  const simdjson::padded_string padded = padded_copy(*fields.topics);
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (!is_parsed(parser.parse(padded).get(list))) {
    fields.refuse("topics", "must be an array of texts");
    return topics;
  }
  for (const simdjson::dom::element element : list) {
    const std::string path = fmt::format("topics[{}]", topics.size());
    std::string_view topic;
    if (element.get(topic) != simdjson::SUCCESS) {
      fields.refuse(path, "must be a text");
    } else if (const auto error = subscribers::Topics::error_of(topic)) {
      fields.refuse(path, *error);
    } else if (topics.size() == subscribers::Topics::kMost) {
      fields.refuse("topics", fmt::format("are more than {}", subscribers::Topics::kMost));
    }
    if (fields.error) break;
    topics.emplace_back(topic);
  }
  return topics;
}

TriggerCommand trigger_of(Fields& fields) {
  TriggerCommand command;
  if (fields.topics) fields.refuse("topics", "is not a field of this message");
  const auto tool = fields.tool ? as_string(*fields.tool) : std::nullopt;
  if (!tool) fields.refuse("tool", fields.tool ? "must be a text" : "is missing");
  if (fields.args && !fields.args->starts_with('{'))
    fields.refuse("args", "must be an object: the tool's arguments");
  command.tool = tool.value_or("");
  if (fields.args) command.args_json = *std::move(fields.args);
  return command;
}

void refuse_fields_of_a_trigger(Fields& fields) {
  if (fields.tool) fields.refuse("tool", "is not a field of this message");
  if (fields.args) fields.refuse("args", "is not a field of this message");
}

std::expected<Command, RefusedCommand> command_of(Fields fields) {
  Command command;
  if (fields.request_id && is_request_id(*fields.request_id)) {
    command.request_id_json = *fields.request_id;
  } else if (fields.request_id) {
    fields.refuse("requestId",
                  fmt::format("must be a text or a number of at most {} bytes", kMostRequestIdBytes));
  }
  const std::string type = fields.type ? as_string(*fields.type).value_or("") : "";
  if (type == "TRIGGER") {
    command.what = trigger_of(fields);
  } else if (type == "SUBSCRIBE" || type == "UNSUBSCRIBE") {
    refuse_fields_of_a_trigger(fields);
    auto topics = topics_of(fields);
    if (type == "SUBSCRIBE") {
      command.what = SubscribeCommand{std::move(topics)};
    } else {
      command.what = UnsubscribeCommand{std::move(topics)};
    }
  } else if (type == "PING") {
    refuse_fields_of_a_trigger(fields);
    if (fields.topics) fields.refuse("topics", "is not a field of this message");
    command.what = PingCommand();
  } else {
    fields.refuse("type", fields.type ? "must be TRIGGER, SUBSCRIBE, UNSUBSCRIBE or PING" : "is missing");
  }
  if (fields.error)
    return std::unexpected(RefusedCommand{*std::move(fields.error), std::move(command.request_id_json)});
  return command;
}

}  // namespace

ErrorResponse refuse_message_part(std::string_view path, std::string_view message) {
  ErrorResponse refusal = refuse_part(path, message);
  if (path.empty()) refusal.error.message = fmt::format("the message {}", message);
  return refusal;
}

std::expected<Command, RefusedCommand> read_command(std::string_view text) {
  Fields fields;
  const bool is_object = for_each_member(
      text, [&fields](std::string_view key, std::string_view value) { fields.take(key, value); });
  if (is_object) return command_of(std::move(fields));
  const auto error = check_json(text);
  return std::unexpected(RefusedCommand{refuse_message_part(
      "", error == JsonError::kNone ? "must be an object with a type" : describe(error))});
}

}  // namespace nexus::websocket
