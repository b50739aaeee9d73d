#include "nexus/front/api/execution_resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/json/json.h"
#include "nexus/front/api/execution_json.h"
#include "nexus/front/api/parameters.h"
#include "nexus/front/api/refuse.h"
#include "nexus/front/auth/authorizer.h"
#include "nexus/front/http/query.h"

namespace nexus::api {
namespace {

constexpr std::size_t kMostRows = 1000;

ErrorResponse no_execution(std::string_view id) {
  return {{.code = ErrorCode::kExecutionNotFound,
           .message = fmt::format("there is no execution \"{}\", or it ended more than 5 minutes ago", id)}};
}

ErrorResponse no_suspension() {
  return {{.code = ErrorCode::kSuspensionNotFound,
           .message = "there is no such suspension of the extension external, or it has been answered"}};
}

// The panel whose executions or suspensions are listed.
std::expected<std::string_view, ErrorResponse> panel_of(const http::Request& request) {
  const auto panel = http::find_parameter(request.query(), "panel");
  if (!panel) return std::unexpected(panel.error());
  if (!*panel || !is_panel_id(**panel))
    return std::unexpected(refuse_part("panel", "is needed: the id of a panel"));
  return **panel;
}

// {success: true, value?} or {success: false, error: text or object}
std::expected<extensions::Settlement, ErrorResponse> settlement_of(std::string_view body) {
  std::optional<std::string> success, value, error;
  std::optional<std::string> unknown;
  const bool is_object = for_each_member(body, [&](std::string_view key, std::string_view json) {
    (key == "success" ? success
     : key == "value" ? value
     : key == "error" ? error
                      : unknown) =
        std::string(key == "success" || key == "value" || key == "error" ? json : key);
  });
  if (!is_object)
    return std::unexpected(refuse_part("", "must be an object: {success, value} or {success, error}"));
  if (unknown) return std::unexpected(refuse_part(*unknown, "is not known here"));
  if (success != "true" && success != "false")
    return std::unexpected(refuse_part("success", "must be true or false"));
  if (success == "true") {
    if (error) return std::unexpected(refuse_part("error", "does not go with success"));
    return extensions::Settlement{extensions::Settlement::Kind::kValue, value.value_or("null")};
  }
  if (value) return std::unexpected(refuse_part("value", "does not go with an error"));
  if (!error || error->front() == '"') {
    return extensions::Settlement{
        extensions::Settlement::Kind::kError,
        fmt::format(R"({{"name":"Error","message":{}}})", error.value_or(R"("refused from outside")"))};
  }
  if (error->front() != '{') return std::unexpected(refuse_part("error", "must be a text or an object"));
  bool has_name = false, has_message = false;
  std::optional<std::string> other;
  for_each_member(*error, [&](std::string_view key, std::string_view json) {
    const bool is_text = json.starts_with('"');
    if (key == "name" && is_text) {
      has_name = true;
    } else if (key == "message" && is_text) {
      has_message = true;
    } else {
      other = key;
    }
  });
  if (other || !has_name || !has_message)
    return std::unexpected(
        refuse_part("error", "must be a text, or an object of two texts: name and message"));
  return extensions::Settlement{extensions::Settlement::Kind::kError, *std::move(error)};
}

// {NAME: [rows of the panel], total}. `for_each_of` calls its argument for each row, with the arguments of
// append_row().
template <class ForEachOf>
ExecutionResource::Outcome append_list(std::string_view name, const http::Request& request,
                                       http::Response& response, ForEachOf for_each_of) {
  const auto panel = panel_of(request);
  if (!panel) return std::unexpected(panel.error());
  std::string& out = response.body();
  out += fmt::format(R"({{"{}":[)", name);
  const std::size_t start = out.size();
  std::size_t total = 0;
  if (auth::principal_of(request).may_see(*panel)) {
    for_each_of(*panel, [&](const auto&... row) {
      if (++total > kMostRows) return;
      if (out.size() > start) out += ',';
      append_row(out, row...);
    });
  }
  out += fmt::format(R"(],"total":{}}})", total);
  return {};
}

}  // namespace

std::chrono::milliseconds ExecutionResource::at_most(std::uint64_t wait_s) const {
  const auto longest_s =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(most_wait_).count());
  return std::min(most_wait_, std::chrono::milliseconds(std::min(wait_s, longest_s) * 1000));
}

// Preference-Applied leaves out a wait that is longer than the server allows.
void ExecutionResource::add_preference_applied(const http::Preferences& preferences,
                                               http::Response& response) const {
  std::string applied = preferences.responds_async ? "respond-async" : "";
  if (const auto wait_s = preferences.wait_s;
      wait_s && *wait_s <= static_cast<std::uint64_t>(most_wait_.count()) / 1000)
    applied += fmt::format("{}wait={}", applied.empty() ? "" : ", ", *wait_s);
  if (!applied.empty()) response.add_header("Preference-Applied", applied);
}

executions::ExecutionPtr ExecutionResource::find(const http::Request& request) const {
  auto execution = executions_.find(request.name(0));
  if (execution != nullptr && !auth::principal_of(request).may_see(execution->call.panel->id()))
    return nullptr;
  return execution;
}

Task<void> ExecutionResource::respond_when_ready(executions::ExecutionPtr execution, std::int64_t since_ms,
                                                 const http::Request& request, WithLogs with_logs,
                                                 http::Response& response) {
  const http::Preferences preferences = http::preferences_of(request.prefer);
  std::chrono::milliseconds most = most_wait_;
  if (preferences.wait_s) {
    most = at_most(*preferences.wait_s);
  } else if (preferences.responds_async) {
    most = {};
  }
  const std::chrono::milliseconds spent(executions_.clock().monotonic_ms() - since_ms);
  co_await executions_.wait_for_end(execution, std::max(most - spent, std::chrono::milliseconds()));
  add_preference_applied(preferences, response);
  respond_with(*execution, with_logs, response);
}

Task<void> ExecutionResource::describe(const http::Request& request, http::Response& response) {
  const auto execution = find(request);
  if (execution == nullptr) co_return refuse(probes_, no_execution(request.name(0)), response);
  if (const auto wait_s = http::preferences_of(request.prefer).wait_s) {
    co_await executions_.wait_for_end(execution, at_most(*wait_s));
    add_preference_applied({.wait_s = wait_s}, response);
  }
  if (execution->has_ended()) co_return respond_with(*execution->result, logs_of(request.query()), response);
  response.add_header("Nexus-Execution-Id", execution->id);
  append_waiting(response.body(), *execution);
}

ExecutionResource::Outcome ExecutionResource::cancel(const http::Request& request, http::Response& response) {
  const auto execution = find(request);
  if (execution == nullptr) return std::unexpected(no_execution(request.name(0)));
  executions_.cancel(execution, EndReason::kCancelled);
  response.set_status(204);
  return {};
}

Task<void> ExecutionResource::resume(const http::Request& request, http::Response& response) {
  const auto found = executions_.suspensions().get_suspended(request.name(0));
  if (!found || !auth::principal_of(request).may_see(found->execution->call.panel->id()))
    co_return refuse(probes_, no_suspension(), response);
  auto settlement = settlement_of(request.body);
  if (!settlement) co_return refuse(probes_, settlement.error(), response);
  executions_.resume(*found, *std::move(settlement));
  co_await executions_.wait_for_rest(found->execution, most_wait_);
  respond_with(*found->execution, logs_of(request.query()), response);
}

ExecutionResource::Outcome ExecutionResource::list(const http::Request& request,
                                                   http::Response& response) const {
  return append_list("executions", request, response, [this](std::string_view panel, auto add) {
    executions_.for_each([&](const executions::Execution& execution) {
      const panels::Panel& its = *execution.call.panel;
      if (its.id() == panel && !its.is_removed()) add(execution);
    });
  });
}

ExecutionResource::Outcome ExecutionResource::list_suspensions(const http::Request& request,
                                                               http::Response& response) const {
  return append_list("suspensions", request, response, [this](std::string_view panel, auto add) {
    executions_.for_each([&](const executions::Execution& execution) {
      if (execution.call.panel->id() != panel) return;
      for (const executions::PendingCall& call : execution.pending) {
        if (is_external(call)) add(execution, call);
      }
    });
  });
}

}  // namespace nexus::api
