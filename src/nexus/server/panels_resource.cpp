#include "nexus/server/panels_resource.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "nexus/sandbox/json.h"

namespace nexus::server {
namespace {

// Panels have no other yet; what waits or runs in one is shown elsewhere.
constexpr std::string_view kActive = "active";

// RFC 3339 in UTC: "2026-01-31T12:00:00.123Z".
std::string as_time(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts, unix_ms % 1000);
}

std::string etag_of(const panels::Panel& panel) { return fmt::format("\"{}\"", panel.version()); }

void append_info(std::string& out, const panels::Panel& panel) {
  const panels::Definition& definition = panel.definition();
  out += R"({"id":)";
  sandbox::append_json_string(out, panel.id());
  out += R"(,"kind":)";
  sandbox::append_json_string(out, definition.kind);
  if (!definition.title.empty()) {
    out += R"(,"title":)";
    sandbox::append_json_string(out, definition.title);
  }
  fmt::format_to(std::back_inserter(out), R"(,"status":"{}","state":)", kActive);
  out += panel.state().to_json();
  out += R"(,"tools":[)";
  for (const panels::Tool& tool : definition.tools) {
    if (&tool != definition.tools.data()) out += ',';
    sandbox::append_json_string(out, tool.name);
  }
  fmt::format_to(std::back_inserter(out),
                 R"(],"version":{},"createdAt":"{}","lastActivity":"{}","clientCount":0}})", panel.version(),
                 as_time(panel.created_ms()), as_time(panel.last_activity_ms()));
}

}  // namespace

Error panel_not_found(std::string_view id) {
  return {.code = ErrorCode::kPanelNotFound, .message = fmt::format("there is no panel \"{}\"", id)};
}

Task<void> PanelsResource::create(const Request& request, Answer& answer) {
  const auto created = co_await creation_.create(request.body, {});
  if (!created) {
    probes_.errors.record(created.error().error.code);
    answer.refuse(created.error().error, created.error().details_json);
    co_return;
  }
  const std::string& id = (*created)->id();
  answer.set_status(201);
  answer.add_header("Location", "/panels/" + id);
  answer.add_header("ETag", etag_of(**created));
  std::string& body = answer.body();
  fmt::format_to(std::back_inserter(body), R"({{"id":"{}","status":"{}","wsUrl":)", id, kActive);
  sandbox::append_json_string(body, fmt::format("ws://{}/panels/{}/ws", request.host, id));
  body += '}';
}

Result<void> PanelsResource::describe(const Route& route, Answer& answer) const {
  const auto panel = registry_.find(route.panel);
  if (!panel) return std::unexpected(panel_not_found(route.panel));
  answer.add_header("ETag", etag_of(*panel));
  append_info(answer.body(), *panel);
  return {};
}

Result<void> PanelsResource::give_state(const Route& route, Answer& answer) const {
  const auto panel = registry_.find(route.panel);
  if (!panel) return std::unexpected(panel_not_found(route.panel));
  answer.add_header("ETag", etag_of(*panel));
  answer.body() += panel->state().to_json();
  return {};
}

Result<void> PanelsResource::remove(const Route& route, Answer& answer) {
  if (!registry_.remove(route.panel)) return std::unexpected(panel_not_found(route.panel));
  answer.set_status(204);
  return {};
}

}  // namespace nexus::server
