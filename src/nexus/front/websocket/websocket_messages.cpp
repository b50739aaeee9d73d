#include "nexus/front/websocket/websocket_messages.h"

#include <fmt/format.h>

#include "nexus/front/http/response.h"
#include "nexus/runtime/subscribers/messages.h"

namespace nexus::websocket {

std::string result_message(const ExecutionResult& result, std::string_view request_id_json) {
  std::string out = R"({"type":"RESULT")";
  subscribers::append_request_id(out, request_id_json);
  subscribers::append_text_member(out, "executionId", result.execution_id);
  out += R"(,"result":)";
  append_result_json(out, result, WithLogs::kNo);
  out += '}';
  return out;
}

std::string error_message(const ErrorResponse& refusal, std::string_view request_id_json) {
  std::string out = fmt::format(R"({{"type":"ERROR","code":"{}")", name(refusal.error.code));
  subscribers::append_text_member(out, "message", refusal.error.message);
  subscribers::append_request_id(out, request_id_json);
  const std::string details =
      refusal.details_json.empty() ? http::details_of(refusal.error) : refusal.details_json;
  if (!details.empty()) out += fmt::format(R"(,"details":{})", details);
  out += '}';
  return out;
}

}  // namespace nexus::websocket
