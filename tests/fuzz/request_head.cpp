// The head of an HTTP request: the parser, the form of targets, routes, and the lists in headers.
#include <algorithm>
#include <array>

#include "fuzz.h"
#include "nexus/front/http/etag.h"
#include "nexus/front/http/prefer.h"
#include "nexus/front/http/query.h"
#include "nexus/front/http/request.h"

namespace {

using nexus::http::Method;
constexpr nexus::http::Route kTrigger{Method::post, "/panels/:id/trigger/:tool"},
    kPanel{Method::put, "/panels/:id"}, kClients{Method::get, "/panels/:id/ws"},
    kList{Method::get, "/suspensions"};
constexpr std::array<const nexus::http::Route*, 4> kRoutes{&kTrigger, &kPanel, &kClients, &kList};

}  // namespace

// The first byte says after how many bytes the second read begins.
void fuzz(std::string_view input) {
  namespace http = nexus::http;
  const std::size_t first = nexus::fuzzing::take_byte(input);
  http::Request request;
  http::RequestParser parser(request, kRoutes, 64 << 10, 8 << 10);
  boost::system::error_code error;
  std::string arrived;
  for (const std::string_view part : {input.substr(0, first), input.substr(std::min(first, input.size()))}) {
    arrived += part;
    while (!arrived.empty() && !parser.is_done() &&
           (!error || error == boost::beast::http::error::need_more)) {
      error = {};
      const std::size_t read = parser.put(boost::asio::buffer(arrived), error);
      nexus::fuzzing::require(read <= arrived.size());
      arrived.erase(0, read);
      if (error || read == 0) break;
    }
  }
  if (!parser.is_header_done()) return;
  std::string again = request.target;
  http::normalise_target(again);
  nexus::fuzzing::require(again == request.target);
  nexus::fuzzing::require(http::masked(request.target).size() <= request.target.size() + 64);
  http::preferences_of(request.prefer);
  http::condition_of(request);
  http::has_already(request, 7);
  [[maybe_unused]] const auto parameter = http::find_parameter(request.query(), "panel");
  for (std::size_t name = 0; name < request.route.names.size(); ++name)
    nexus::fuzzing::require(request.name(name).size() <= request.target.size());
}
