#include "nexus/panels/registry.h"

#include <gtest/gtest.h>

namespace nexus::panels {
namespace {

struct SetClock final : Clock {
  std::int64_t unix_ms() const override { return now_ms; }
  std::uint64_t monotonic_us() const override { return 0; }
  std::int64_t now_ms = 1000;
};

Definition named(std::string id) {
  Definition definition;
  definition.id = std::move(id);
  definition.kind = "k";
  definition.initial_state = *sandbox::State::parse(R"({"a":1,"b":2})");
  return definition;
}

class RegistryTest : public testing::Test {
 protected:
  SetClock clock;
  MemoryRegistry registry{clock, 4};
};

TEST_F(RegistryTest, KeepsPanelsByTheirIds) {
  const auto created = registry.create(named("p"));
  ASSERT_TRUE(created);
  EXPECT_EQ(registry.find("p"), *created);
  EXPECT_EQ(registry.find("q"), nullptr);
  EXPECT_EQ(registry.size(), 1);
  EXPECT_EQ((*created)->created_ms(), 1000);
}

TEST_F(RegistryTest, MakesAnIdThatSortsByTime) {
  const auto first = registry.create(named(""));
  clock.now_ms += 1;
  const auto second = registry.create(named(""));
  EXPECT_LT((*first)->id(), (*second)->id());
  EXPECT_TRUE(registry.find((*second)->id()));
}

TEST_F(RegistryTest, HasNoTwoPanelsOfOneId) {
  ASSERT_TRUE(registry.create(named("p")));
  EXPECT_EQ(registry.create(named("p")).error().code, ErrorCode::kPanelExists);
}

TEST_F(RegistryTest, ARemovedPanelLivesOnInHandsThatHoldIt) {
  const auto panel = *registry.create(named("p"));
  EXPECT_TRUE(registry.remove("p"));
  EXPECT_FALSE(registry.remove("p"));
  EXPECT_TRUE(panel->is_removed());
  EXPECT_FALSE(panel->turns().try_take());
  EXPECT_EQ(registry.size(), 0);
  EXPECT_TRUE(registry.create(named("p"))) << "the id is free again";
}

TEST_F(RegistryTest, ACommitIsOneNewVersion) {
  const auto panel = *registry.create(named("p"));
  EXPECT_EQ(panel->version(), 1);
  clock.now_ms = 2000;
  sandbox::Journal journal;
  journal.mutations = {{"a", "10"}, {"b", std::nullopt}, {"c", "[1]"}};
  panel->commit(journal, clock.now_ms);
  EXPECT_EQ(panel->version(), 2);
  EXPECT_EQ(panel->state().to_json(), R"({"a":10,"c":[1]})");
  EXPECT_EQ(panel->last_activity_ms(), 2000);
}

TEST_F(RegistryTest, ACommitOfNothingIsNoNewVersion) {
  const auto panel = *registry.create(named("p"));
  panel->commit({}, 3000);
  EXPECT_EQ(panel->version(), 1);
  EXPECT_EQ(panel->last_activity_ms(), 3000);
}

}  // namespace
}  // namespace nexus::panels
