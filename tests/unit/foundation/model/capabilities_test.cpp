#include "nexus/foundation/model/capabilities.h"

#include <gtest/gtest.h>

#include <initializer_list>

namespace nexus {
namespace {

Capabilities of(std::initializer_list<std::string> patterns) {
  const std::vector<std::string> list(patterns);
  Result<Capabilities> parsed = Capabilities::parse(list);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return parsed ? std::move(*parsed) : Capabilities();
}

TEST(Capabilities, AnEmptyListGrantsNothing) {
  const Capabilities none = of({});
  EXPECT_FALSE(none.allows(Permission::kStateRead, "a"));
  EXPECT_FALSE(none.allows(Permission::kEmit, ""));
  EXPECT_FALSE(none.allows(Permission::kExtension, "http"));
}

TEST(Capabilities, DefaultsCoverOwnPanelOnly) {
  const Capabilities defaults = Capabilities::defaults();
  EXPECT_TRUE(defaults.allows(Permission::kStateRead, "a"));
  EXPECT_TRUE(defaults.allows(Permission::kStateWrite, ""));
  EXPECT_TRUE(defaults.allows(Permission::kEmit, "saved"));
  EXPECT_TRUE(defaults.allows(Permission::kView, "list"));
  EXPECT_FALSE(defaults.allows(Permission::kReceive, "another-panel"));
  EXPECT_FALSE(defaults.allows(Permission::kExtension, "http"));
}

TEST(Capabilities, WithinGivesIntersection) {
  const Capabilities one = of({"state:*", "events:emit:order-*", "view:update:list", "ext:http"});
  const Capabilities another =
      of({"state:read:a*", "state:write:b", "events:emit:*", "view:update:l*", "ext:timer"});
  for (const Capabilities& both : {one.within(another), another.within(one)}) {
    EXPECT_TRUE(both.allows(Permission::kStateRead, "ab"));
    EXPECT_FALSE(both.allows(Permission::kStateRead, "b"));
    EXPECT_TRUE(both.allows(Permission::kStateWrite, "b"));
    EXPECT_FALSE(both.allows(Permission::kStateWrite, "ab"));
    EXPECT_TRUE(both.allows(Permission::kEmit, "order-1"));
    EXPECT_FALSE(both.allows(Permission::kEmit, "other"));
    EXPECT_TRUE(both.allows(Permission::kView, "list"));
    EXPECT_FALSE(both.allows(Permission::kView, "l"));
    EXPECT_FALSE(both.allows(Permission::kExtension, "http"));
    EXPECT_EQ(one.first_not_covered(both), std::nullopt);
    EXPECT_EQ(another.first_not_covered(both), std::nullopt);
  }
  EXPECT_TRUE(of({}).within(one).patterns().empty());
  EXPECT_EQ(Capabilities::defaults().within(of({"*"})).first_not_covered(Capabilities::defaults()),
            std::nullopt);
}

TEST(Capabilities, ExactNameMatchesOnlyItself) {
  const Capabilities one = of({"state:read:cart"});
  EXPECT_TRUE(one.allows(Permission::kStateRead, "cart"));
  EXPECT_FALSE(one.allows(Permission::kStateRead, "cart2"));
  EXPECT_FALSE(one.allows(Permission::kStateRead, "car"));
  EXPECT_FALSE(one.allows(Permission::kStateWrite, "cart"));
}

TEST(Capabilities, AStarAtTheEndIsAPrefix) {
  const Capabilities some = of({"state:write:user:*", "ext:ht*"});
  EXPECT_TRUE(some.allows(Permission::kStateWrite, "user:1"));
  EXPECT_TRUE(some.allows(Permission::kStateWrite, "user:"));
  EXPECT_FALSE(some.allows(Permission::kStateWrite, "user"));
  EXPECT_FALSE(some.allows(Permission::kStateRead, "user:1"));
  EXPECT_TRUE(some.allows(Permission::kExtension, "http"));
  EXPECT_FALSE(some.allows(Permission::kExtension, "timer"));
}

TEST(Capabilities, ShorterPatternCoversEverythingBelow) {
  EXPECT_TRUE(of({"state:*"}).allows(Permission::kStateRead, "x"));
  EXPECT_TRUE(of({"state:*"}).allows(Permission::kStateWrite, "x"));
  EXPECT_FALSE(of({"state:*"}).allows(Permission::kEmit, "x"));
  EXPECT_TRUE(of({"events:*"}).allows(Permission::kReceive, "x"));
  EXPECT_TRUE(of({"view:*"}).allows(Permission::kView, "x"));
  EXPECT_TRUE(of({"ext:*"}).allows(Permission::kExtension, "http"));
  const Capabilities all = of({"*"});
  for (const Permission permission : {Permission::kStateRead, Permission::kStateWrite, Permission::kEmit,
                                      Permission::kReceive, Permission::kView, Permission::kExtension}) {
    EXPECT_TRUE(all.allows(permission, "anything"));
  }
}

TEST(Capabilities, AMalformedPatternIsNamed) {
  for (const std::string pattern : {"",
                                    ":",
                                    "state",
                                    "state:",
                                    "state:read",
                                    "state:read:",
                                    "state:re*",
                                    "state*",
                                    "stat:*",
                                    "state:*:x",
                                    "state:read:a*b",
                                    "state:read:**",
                                    "**",
                                    "State:read:x",
                                    "state::*",
                                    " state:*",
                                    "events:send:x",
                                    "view:x",
                                    "view:update:",
                                    "ext:",
                                    "ext",
                                    "ext:http:get",
                                    "events:receive:a:b",
                                    "*:*",
                                    "fs:read:x"}) {
    const std::vector<std::string> patterns = {"state:*", pattern};
    const Result<Capabilities> parsed = Capabilities::parse(patterns);
    ASSERT_FALSE(parsed.has_value()) << pattern;
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidRequest);
    EXPECT_NE(parsed.error().message.find("\"" + pattern + "\""), std::string::npos)
        << parsed.error().message;
  }
}

TEST(Capabilities, FindsFirstPatternNotCovered) {
  const Capabilities server = of({"state:read:*", "state:write:cart*", "events:*"});
  EXPECT_EQ(server.first_not_covered(of({})), std::nullopt);
  EXPECT_EQ(server.first_not_covered(
                of({"state:read:a", "state:write:cart", "state:write:cart:*", "events:emit:*"})),
            std::nullopt);
  EXPECT_EQ(server.first_not_covered(of({"state:read:a", "state:*"})), "state:*");
  EXPECT_EQ(server.first_not_covered(of({"state:write:car"})), "state:write:car");
  EXPECT_EQ(server.first_not_covered(of({"state:write:car*"})), "state:write:car*");
  EXPECT_EQ(server.first_not_covered(of({"ext:http"})), "ext:http");
  EXPECT_EQ(of({"state:read:*", "state:write:*"}).first_not_covered(of({"state:*"})), std::nullopt);
  EXPECT_EQ(of({"ext:http"}).first_not_covered(of({"ext:http*"})), "ext:http*");
  EXPECT_EQ(of({"state:*", "events:*", "view:*", "ext:*"}).first_not_covered(of({"*"})), std::nullopt);
  EXPECT_EQ(of({"*"}).first_not_covered(Capabilities::defaults()), std::nullopt);
}

TEST(Capabilities, KeepsItsPatterns) {
  const Capabilities two = of({"state:*", "ext:http"});
  EXPECT_EQ(std::vector<std::string>(two.patterns().begin(), two.patterns().end()),
            (std::vector<std::string>{"state:*", "ext:http"}));
}

TEST(Capabilities, DescribesThePatternThatIsMissing) {
  EXPECT_EQ(describe(Permission::kStateWrite, "cart"), "state:write:cart");
  EXPECT_EQ(describe(Permission::kReceive, "p"), "events:receive:p");
  EXPECT_EQ(describe(Permission::kExtension, "http"), "ext:http");
}

}  // namespace
}  // namespace nexus
