#include "nexus/front/http/route.h"

#include <gtest/gtest.h>

#include <array>

#include "nexus/front/http/request.h"

namespace nexus::http {
namespace {

constexpr Route kUse{Method::post, "/things/:id/use/:how"};
constexpr Route kState{Method::get, "/things/:id/state"};
constexpr Route kShow{Method::get, "/things/:id"};
constexpr Route kRemove{Method::delete_, "/things/:id"};
constexpr Route kSocket{.method = Method::get, .pattern = "/things/:id/ws", .is_websocket = true};
constexpr Route kAll{Method::get, "/things"};
constexpr std::array<const Route*, 6> kRoutes{&kUse, &kState, &kShow, &kRemove, &kSocket, &kAll};

const Route* row_of(Method method, std::string_view target) {
  return find_route(kRoutes, method, target).row;
}

TEST(Route, MatchesPathAndMethod) {
  EXPECT_EQ(row_of(Method::get, "/things"), &kAll);
  EXPECT_EQ(row_of(Method::get, "/things?a=/things/x"), &kAll);
  EXPECT_EQ(row_of(Method::get, "/things/x"), &kShow);
  EXPECT_EQ(row_of(Method::delete_, "/things/x"), &kRemove);
  EXPECT_EQ(row_of(Method::get, "/things/x/state"), &kState);
  EXPECT_EQ(row_of(Method::post, "/things/x/use/y"), &kUse);
}

TEST(Route, GetMatchesHeadExceptForWebSockets) {
  EXPECT_EQ(row_of(Method::head, "/things/x"), &kShow);
  EXPECT_EQ(row_of(Method::get, "/things/x/ws"), &kSocket);
  EXPECT_EQ(row_of(Method::head, "/things/x/ws"), nullptr);
}

TEST(Route, MatchesPathsWithoutTheirMethod) {
  const RouteMatch match = find_route(kRoutes, Method::put, "/things/x");
  ASSERT_NE(match.path, nullptr);
  EXPECT_EQ(match.path->pattern, "/things/:id");
  EXPECT_EQ(match.row, nullptr);
  EXPECT_EQ(row_of(Method::unknown, "/things"), nullptr);
}

TEST(Route, NamesAndQueryStayValidAfterAMove) {
  Request request;
  request.target = "/things/my.x/use/y-1?logs=1&x=/things";
  request.route = find_route(kRoutes, Method::post, request.target);
  const Request moved = std::move(request);
  EXPECT_EQ(moved.name(0), "my.x");
  EXPECT_EQ(moved.name(1), "y-1");
  EXPECT_EQ(moved.query(), "logs=1&x=/things");
  Request bare;
  bare.target = "/things";
  bare.route = find_route(kRoutes, Method::get, bare.target);
  EXPECT_EQ(bare.name(0), "");
  EXPECT_EQ(bare.query(), "");
}

TEST(Route, MatchesNothingElse) {
  for (const char* target :
       {"", "/", "*", "things", "/things/", "/things//state", "/things/x/", "/things/x/use", "/things/x/use/",
        "/things/x/use/y/", "/things/x/use/y/z", "/things/x/other", "/things/x/state/", "/thingsx",
        "//things", "/THINGS", "?", "/?/things"}) {
    const RouteMatch match = find_route(kRoutes, Method::get, target);
    EXPECT_EQ(match.path, nullptr) << target;
    EXPECT_EQ(match.names[0].size, 0U) << target;
  }
}

TEST(Route, ListsTheMethodsOfAPath) {
  EXPECT_EQ(allowed_methods(kRoutes, "/things/:id"), "GET, HEAD, DELETE");
  EXPECT_EQ(allowed_methods(kRoutes, "/things/:id/ws"), "GET");
  EXPECT_EQ(allowed_methods(kRoutes, "/things/:id/use/:how"), "POST");
}

}  // namespace
}  // namespace nexus::http
