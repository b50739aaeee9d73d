#include "nexus/front/api/panel_json.h"

#include <fmt/format.h>

#include <iterator>

#include "nexus/foundation/base/time_text.h"
#include "nexus/foundation/json/json.h"

namespace nexus::api {
namespace {

// `,"name":"text"`, or nothing for an empty text.
void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  append_json_string(out, text);
}

// `,"name":json`, or nothing without one.
void append_json(std::string& out, std::string_view name, std::string_view json) {
  if (json.empty()) return;
  fmt::format_to(std::back_inserter(out), R"(,"{}":{})", name, json);
}

// Closes an object or array whose opening is at `opening`, and whose members each began with a comma.
void close(std::string& out, std::size_t opening, char closing) {
  if (out.size() > opening + 1) out.erase(opening + 1, 1);
  out += closing;
}

void append_asked(std::string& out, const panels::Asked& asked) {
  if (asked.capabilities) {
    out += R"(,"capabilities":)";
    const std::size_t opening = out.size();
    out += '[';
    for (const std::string& pattern : *asked.capabilities) {
      out += ',';
      append_json_string(out, pattern);
    }
    close(out, opening, ']');
  }
  if (asked.limits.empty()) return;
  out += R"(,"limits":)";
  const std::size_t opening = out.size();
  out += '{';
  for (const auto& limit : asked.limits)
    fmt::format_to(std::back_inserter(out), R"(,"{}":{})", limit.name, limit.value);
  close(out, opening, '}');
}

struct AppendTrigger {
  std::string& out;
  void operator()(const panels::ManualTrigger&) const { out += R"({"type":"manual"})"; }
  void operator()(const panels::IntervalTrigger& trigger) const {
    fmt::format_to(std::back_inserter(out), R"({{"type":"interval","ms":{}}})", trigger.ms);
  }
  void operator()(const panels::EventTrigger& trigger) const {
    out += R"({"type":"event")";
    append_text(out, "pattern", trigger.pattern);
    append_text(out, "panel", trigger.panel);
    out += '}';
  }
  void operator()(const panels::CronTrigger& trigger) const {
    out += R"({"type":"cron")";
    append_text(out, "expression", trigger.expression);
    out += '}';
  }
  void operator()(const panels::StateChangeTrigger& trigger) const {
    out += R"({"type":"state_change")";
    append_text(out, "path", trigger.path);
    out += '}';
  }
};

void append_tool(std::string& out, const panels::Tool& tool) {
  out += R"({"name":)";
  append_json_string(out, tool.name);
  out += R"(,"handler":)";
  append_json_string(out, tool.handler);
  out += R"(,"trigger":)";
  std::visit(AppendTrigger{out}, tool.trigger);
  append_text(out, "description", tool.description);
  append_json(out, "args", tool.args_schema_json);
  append_asked(out, tool.asked);
  out += '}';
}

void append_definitions(std::string& out, const panels::Definition& definition) {
  out += R"(,"definitions":[)";
  for (const panels::Tool& tool : definition.tools) {
    if (&tool != definition.tools.data()) out += ',';
    append_tool(out, tool);
  }
  out += ']';
  append_json(out, "scope", definition.scope_json);
  append_asked(out, definition.asked);
  append_json(out, "metadata", definition.metadata_json);
}

}  // namespace

void append_info(std::string& out, const panels::Panel& panel, InfoParts parts, std::string_view ws_url) {
  const panels::Definition& definition = *panel.definition();
  out += R"({"id":)";
  append_json_string(out, panel.id());
  out += R"(,"kind":)";
  append_json_string(out, definition.kind);
  append_text(out, "title", definition.title);
  append_text(out, "status", kActive);
  if (parts != InfoParts::kBrief) append_json(out, "state", panel.state().to_json());
  out += R"(,"tools":[)";
  for (const panels::Tool& tool : definition.tools) {
    if (&tool != definition.tools.data()) out += ',';
    append_json_string(out, tool.name);
  }
  fmt::format_to(std::back_inserter(out),
                 R"(],"version":{},"createdAt":"{}","lastActivity":"{}","clientCount":{})", panel.version(),
                 as_time(panel.created_ms()), as_time(panel.last_activity_ms()), panel.clients());
  append_text(out, "wsUrl", ws_url);
  if (parts == InfoParts::kDefinitions) append_definitions(out, definition);
  out += '}';
}

}  // namespace nexus::api
