#include "nexus/front/http/route.h"

#include <gtest/gtest.h>

namespace nexus::http {
namespace {

Resource resource_of(std::string_view target) { return find_route(target).resource; }

TEST(Route, FindsEachResource) {
  EXPECT_EQ(resource_of("/panels"), Resource::kPanels);
  EXPECT_EQ(resource_of("/panels/p"), Resource::kPanel);
  EXPECT_EQ(resource_of("/panels/p/state"), Resource::kState);
  EXPECT_EQ(resource_of("/panels/p/trigger/t"), Resource::kTrigger);
  EXPECT_EQ(resource_of("/health"), Resource::kHealth);
  EXPECT_EQ(resource_of("/health/live"), Resource::kLive);
  EXPECT_EQ(resource_of("/health/ready"), Resource::kReady);
  EXPECT_EQ(resource_of("/metrics"), Resource::kMetrics);
  EXPECT_EQ(resource_of("/runtime/memory"), Resource::kMemory);
}

TEST(Route, TakesTheNamesAndTheQueryApart) {
  const Route route = find_route("/panels/my.panel/trigger/add-1?logs=1&x=/panels");
  EXPECT_EQ(route.panel, "my.panel");
  EXPECT_EQ(route.tool, "add-1");
  EXPECT_EQ(route.query, "logs=1&x=/panels");
}

TEST(Route, KnowsNothingElse) {
  for (const char* target : {"",
                             "/",
                             "*",
                             "panels",
                             "/panels/",
                             "/panels//state",
                             "/panels/p/",
                             "/panels/p/trigger",
                             "/panels/p/trigger/",
                             "/panels/p/trigger/t/",
                             "/panels/p/trigger/t/u",
                             "/panels/p/other",
                             "/panels/p/state/",
                             "/panelsx",
                             "/health/",
                             "/health/x",
                             "/metrics/",
                             "/runtime",
                             "/runtime/memory/",
                             "//panels",
                             "/PANELS",
                             "?",
                             "/?/panels"}) {
    EXPECT_EQ(resource_of(target), Resource::kUnknown) << target;
  }
}

TEST(Route, SaysWhichMethodsItHas) {
  EXPECT_TRUE(is_allowed(Resource::kTrigger, Method::post));
  EXPECT_FALSE(is_allowed(Resource::kTrigger, Method::get));
  EXPECT_TRUE(is_allowed(Resource::kPanel, Method::delete_));
  EXPECT_TRUE(is_allowed(Resource::kState, Method::head));
  EXPECT_FALSE(is_allowed(Resource::kState, Method::delete_));
  EXPECT_FALSE(is_allowed(Resource::kHealth, Method::unknown));
  EXPECT_EQ(allowed_methods(Resource::kPanel), "GET, HEAD, PUT, DELETE");
  EXPECT_TRUE(is_allowed(Resource::kPanel, Method::put));
  EXPECT_FALSE(is_allowed(Resource::kPanels, Method::put));
  EXPECT_TRUE(is_allowed(Resource::kPanels, Method::get));
}

}  // namespace
}  // namespace nexus::http
