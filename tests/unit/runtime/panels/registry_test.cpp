#include "nexus/runtime/panels/registry.h"

#include <gtest/gtest.h>

#include "nexus/runtime/panels/footprint.h"

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
  definition.initial_state = *State::parse(R"({"a":1,"b":2})");
  return definition;
}

class RegistryTest : public testing::Test {
 protected:
  SetClock clock;
  budget::UnlimitedLedger ledger;
  MemoryRegistry registry{clock, ledger, 4};
};

TEST_F(RegistryTest, KeepsPanelsByTheirIds) {
  const auto created = registry.create(named("p"));
  ASSERT_TRUE(created);
  EXPECT_EQ(registry.find("p"), *created);
  EXPECT_EQ(registry.find("q"), nullptr);
  EXPECT_EQ(registry.size(), 1);
  EXPECT_EQ((*created)->created_ms(), 1000);
}

TEST_F(RegistryTest, MakesOnlyIdsOfItsOwnLoop) {
  const auto is_even = [](std::string_view id) { return id.back() % 2 == 0; };
  MemoryRegistry some(clock, ledger, 4, is_even);
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(is_even((*some.create(named("")))->id()));
  EXPECT_TRUE(some.create(named("given1"))) << "an id that was given is not asked about";
}

TEST_F(RegistryTest, MakesAnIdThatSortsByTime) {
  const auto first = registry.create(named(""));
  clock.now_ms += 1;
  const auto second = registry.create(named(""));
  EXPECT_LT((*first)->id(), (*second)->id());
  EXPECT_TRUE(registry.find((*second)->id()));
}

TEST_F(RegistryTest, RejectsASecondPanelWithTheSameId) {
  ASSERT_TRUE(registry.create(named("p")));
  EXPECT_EQ(registry.create(named("p")).error().code, ErrorCode::kPanelExists);
}

TEST_F(RegistryTest, ADefinitionIsChargedUntilItsLastUserIsGone) {
  const auto charged = [this] { return ledger.granted(budget::Kind::kServer); };
  ASSERT_TRUE(registry.create(named("p")));
  auto earlier = registry.find("p")->definition();
  const std::uint64_t one = charged();
  EXPECT_GE(one, footprint(*earlier));
  Definition larger = named("p");
  larger.tools.push_back({.name = "t", .handler = std::string(100'000, 'x')});
  ASSERT_TRUE(registry.put(std::move(larger), {}));
  const std::uint64_t both = charged();
  EXPECT_GE(both, one + 100'000);
  earlier.reset();
  EXPECT_LT(charged(), both);
  ASSERT_TRUE(registry.remove("p", {}));
  EXPECT_EQ(charged(), 0u);
}

TEST_F(RegistryTest, ARemovedPanelLivesUntilItsLastUserIsGone) {
  const auto panel = *registry.create(named("p"));
  EXPECT_TRUE(registry.remove("p", {}));
  EXPECT_EQ(registry.remove("p", {}).error().code, ErrorCode::kPanelNotFound);
  EXPECT_TRUE(panel->is_removed());
  EXPECT_FALSE(panel->turns().try_take());
  EXPECT_EQ(registry.size(), 0);
  EXPECT_TRUE(registry.create(named("p"))) << "the id is free again";
}

TEST_F(RegistryTest, ACommitIncrementsTheVersionOnce) {
  const auto panel = *registry.create(named("p"));
  EXPECT_EQ(panel->version(), 1);
  clock.now_ms = 2000;
  Journal journal;
  journal.mutations = {{"a", "10"}, {"b", std::nullopt}, {"c", "[1]"}};
  panel->commit(journal, clock.now_ms);
  EXPECT_EQ(panel->version(), 2);
  EXPECT_EQ(panel->state().to_json(), R"({"a":10,"c":[1]})");
  EXPECT_EQ(panel->last_activity_ms(), 2000);
}

TEST_F(RegistryTest, AnEmptyCommitKeepsTheVersion) {
  const auto panel = *registry.create(named("p"));
  Journal nothing;
  panel->commit(nothing, 3000);
  EXPECT_EQ(panel->version(), 1);
  EXPECT_EQ(panel->last_activity_ms(), 3000);
}

TEST_F(RegistryTest, VersionsOfARemovedPanelAreNotReused) {
  const auto panel = *registry.create(named("p"));
  ASSERT_TRUE(registry.put(named("p"), {}));
  EXPECT_EQ(panel->version(), 2);
  ASSERT_TRUE(registry.remove("p", {}));
  EXPECT_EQ((*registry.create(named("p")))->version(), 3);
}

// Two conditions: the versions 2 and 3, and every version.
VersionSet two_and_three() { return {VersionSet::Extent::kListed, {2, 3}}; }
VersionSet every() { return {VersionSet::Extent::kEvery, {}}; }

TEST_F(RegistryTest, PutCreatesOrReplacesAndKeepsTheState) {
  const auto created = registry.put(named("p"), {});
  ASSERT_TRUE(created);
  EXPECT_EQ(created->how, Put::How::kCreated);
  const auto old = created->panel->definition();

  clock.now_ms = 2000;
  Definition other = named("p");
  other.kind = "other";
  other.initial_state = *State::parse(R"({"z":26})");
  const auto replaced = registry.put(std::move(other), {});
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->how, Put::How::kReplaced);
  EXPECT_EQ(replaced->panel, created->panel);
  EXPECT_EQ(replaced->panel->state().to_json(), R"({"a":1,"b":2})");
  EXPECT_EQ(replaced->panel->definition()->kind, "other");
  EXPECT_EQ(replaced->panel->version(), 2);
  EXPECT_EQ(replaced->panel->created_ms(), 1000);
  EXPECT_EQ(replaced->panel->last_activity_ms(), 2000);
  EXPECT_EQ(old->kind, "k") << "who holds it goes on with it";
  EXPECT_EQ(registry.size(), 1);
}

TEST_F(RegistryTest, AChangeNeedsTheExpectedVersion) {
  const auto code_of = [](const auto& result) { return result.error().code; };
  EXPECT_EQ(code_of(registry.put(named("p"), {.must_be_in = every(), .must_not_be_in = {}})),
            ErrorCode::kPreconditionFailed);
  ASSERT_TRUE(registry.put(named("p"), {.must_be_in = {}, .must_not_be_in = every()}));
  EXPECT_EQ(code_of(registry.put(named("p"), {.must_be_in = {}, .must_not_be_in = every()})),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(code_of(registry.put(named("p"), {.must_be_in = two_and_three(), .must_not_be_in = {}})),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(code_of(registry.remove("p", {.must_be_in = two_and_three(), .must_not_be_in = {}})),
            ErrorCode::kPreconditionFailed);
  EXPECT_EQ(registry.find("p")->version(), 1) << "what is refused changes nothing";
  ASSERT_TRUE(registry.put(named("p"), {.must_be_in = every(), .must_not_be_in = two_and_three()}));
  ASSERT_TRUE(registry.put(named("p"), {.must_be_in = two_and_three(), .must_not_be_in = {}}));
  ASSERT_TRUE(registry.remove("p", {.must_be_in = two_and_three(), .must_not_be_in = {}}));
  EXPECT_EQ(code_of(registry.remove("p", {.must_be_in = every(), .must_not_be_in = {}})),
            ErrorCode::kPanelNotFound);
}

TEST_F(RegistryTest, ListsPagesInOrderOfIds) {
  for (const char* id : {"b", "a", "d", "B", "c.1", "c"})
    ASSERT_TRUE(registry.create(named(id)));
  ASSERT_TRUE(registry.remove("d", {}));
  const auto ids = [&](std::string_view after, std::size_t most) {
    std::string found;
    for (const auto& panel : registry.page(after, most))
      found += panel->id() + " ";
    return found;
  };
  EXPECT_EQ(ids("", 10), "B a b c c.1 ");
  EXPECT_EQ(ids("", 2), "B a ");
  EXPECT_EQ(ids("a", 2), "b c ");
  EXPECT_EQ(ids("bb", 2), "c c.1 ") << "there need be no such panel";
  EXPECT_EQ(ids("c.1", 2), "");
  EXPECT_EQ(ids("", 0), "");
}

}  // namespace
}  // namespace nexus::panels
