#include "nexus/foundation/model/principal.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

bool sees(std::string glob, std::string_view id) {
  return Principal({}, std::vector{std::move(glob)}, Principal::kNever).may_see(id);
}

TEST(Scope, HasAWord) {
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kTrigger, Scope::kResume, Scope::kAdmin})
    EXPECT_EQ(find_scope(name(scope)), scope);
  for (const char* word : {"", "READ", "reads", "read ", "*"})
    EXPECT_EQ(find_scope(word), std::nullopt) << word;
}

TEST(Principal, HasRightsOfItsScopes) {
  const Principal principal({Scope::kRead, Scope::kResume}, std::nullopt, 5);
  EXPECT_TRUE(principal.may(Scope::kRead));
  EXPECT_TRUE(principal.may(Scope::kResume));
  EXPECT_FALSE(principal.may(Scope::kWrite));
  EXPECT_FALSE(principal.may(Scope::kTrigger));
  EXPECT_FALSE(principal.may(Scope::kAdmin));
  EXPECT_EQ(principal.expires_ms(), 5);
}

TEST(Principal, GlobsMatchPanelIds) {
  EXPECT_TRUE(sees("cart", "cart"));
  EXPECT_FALSE(sees("cart", "cart2"));
  EXPECT_FALSE(sees("cart", "Cart"));
  EXPECT_TRUE(sees("cart-*", "cart-7"));
  EXPECT_TRUE(sees("cart-*", "cart-"));
  EXPECT_FALSE(sees("cart-*", "my-cart-7"));
  EXPECT_TRUE(sees("*-7", "cart-7"));
  EXPECT_TRUE(sees("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(sees("a*b*c", "a-b-b"));
  EXPECT_TRUE(sees("shop-??", "shop-42"));
  EXPECT_FALSE(sees("shop-??", "shop-4"));
  EXPECT_FALSE(sees("", "a"));
  EXPECT_FALSE(sees("a.c", "abc"));
  EXPECT_FALSE(sees("[a-z]", "a"));
}

TEST(Principal, SeesAllWithoutListOrWithStar) {
  EXPECT_TRUE(Principal({}, std::nullopt, 0).may_see_all());
  EXPECT_TRUE(Principal({}, {{"a", "*"}}, 0).may_see_all());
  EXPECT_TRUE(Principal({}, {{"**"}}, 0).may_see_all());
  for (const char* glob : {"a", "a*", "?*", ""})
    EXPECT_FALSE(Principal({}, {{glob}}, 0).may_see_all()) << glob;
  const Principal none({}, std::vector<std::string>{}, 0);
  EXPECT_FALSE(none.may_see_all());
  EXPECT_FALSE(none.may_see("a"));
}

TEST(Principal, NobodyHasNoRights) {
  EXPECT_FALSE(Principal::nobody().may(Scope::kRead));
  EXPECT_FALSE(Principal::nobody().may_see("a"));
  EXPECT_TRUE(Principal::anyone().may(Scope::kAdmin));
  EXPECT_TRUE(Principal::anyone().may_see_all());
}

// A matcher that tried every split of the text among the stars would not finish.
TEST(Principal, GlobsAreNotExponential) {
  std::string glob;
  for (int star = 0; star < 2000; ++star)
    glob += "*a";
  EXPECT_FALSE(sees(glob + "b", std::string(128, 'a')));
}

}  // namespace
}  // namespace nexus
