// `nexus trigger`: calls a tool of a running server.
#include <fmt/format.h>

#include <iostream>
#include <iterator>

#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/json/json.h"
#include "remote.h"

namespace nexus::app {
namespace {

// Longer than the default SYNC_WAIT_MS, so that the server responds first.
constexpr std::chrono::seconds kPatience{120};

std::string member(const std::string& json, std::string_view wanted) {
  std::string found;
  for_each_member(json, [&](std::string_view key, std::string_view value) {
    if (key == wanted) found = value;
  });
  return found;
}

}  // namespace

int trigger(const TriggerCommand& command) {
  const auto target = target_of(command.server);
  if (!target) return kAskedWrongly;
  if (!is_panel_id(command.panel) || !is_tool_name(command.tool)) {
    fmt::print(stderr, "nexus: \"{}\" and \"{}\" are not the id of a panel and the name of a tool\n",
               command.panel, command.tool);
    return kAskedWrongly;
  }
  ServerRequest request{.path = fmt::format("/panels/{}/trigger/{}{}", command.panel, command.tool,
                                            command.logs ? "?logs=1" : ""),
                        .token = command.server.token,
                        .method = boost::beast::http::verb::post,
                        .body = command.args,
                        .patience = kPatience};
  if (command.args == "-")
    request.body.assign(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  if (command.async) request.headers.emplace_back("Prefer", "respond-async");
  const auto reply = request_now(*target, request);
  if (!is_good(*target, reply)) return kFailed;
  print_json(reply->body);
  const std::string status = member(reply->body, "status");
  if (reply->status == 202) return command.async ? kDone : kFailed;
  return status == R"("success")" ? kDone : kFailed;
}

}  // namespace nexus::app
