#include "nexus/front/api/panel_list.h"

#include <gmock/gmock.h>

#include <array>

namespace nexus::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct StoppedClock final : Clock {
  std::int64_t unix_ms() const override { return 0; }
  std::uint64_t monotonic_us() const override { return 0; }
};

class PanelListTest : public testing::Test {
 protected:
  void add(panels::Registry& registry, std::string id) {
    panels::Definition definition;
    definition.id = std::move(id);
    definition.kind = "k";
    ASSERT_TRUE(registry.create(std::move(definition)));
  }
  // The ids of the page, the total and the next page: "a b, 5, next b".
  std::string page(std::size_t limit, std::string after) {
    const Page page{limit, std::move(after)};
    const std::array lists = {list_panels(first_, page, Principal::anyone()),
                              list_panels(second_, page, Principal::anyone())};
    std::string json;
    append_page(json, lists, page);
    std::string ids;
    for (auto at = json.find(R"({"id":")"); at != std::string::npos; at = json.find(R"({"id":")", at + 1))
      ids += json.substr(at + 7, json.find('"', at + 7) - at - 7) + " ";
    return ids + json.substr(json.rfind(']'));
  }

  StoppedClock clock_;
  budget::UnlimitedLedger ledger_;
  panels::MemoryRegistry first_{clock_, ledger_, 1}, second_{clock_, ledger_, 1};
};

TEST_F(PanelListTest, MergesRegistriesInOneOrder) {
  EXPECT_EQ(page(10, ""), R"(],"total":0})");
  for (const char* id : {"a", "d", "e"})
    add(first_, id);
  for (const char* id : {"b", "c", "f"})
    add(second_, id);
  EXPECT_EQ(page(10, ""), R"(a b c d e f ],"total":6})");
  EXPECT_EQ(page(6, ""), R"(a b c d e f ],"total":6})");
  EXPECT_EQ(page(2, ""), R"(a b ],"total":6,"next":"b"})");
  EXPECT_EQ(page(2, "b"), R"(c d ],"total":6,"next":"d"})");
  EXPECT_EQ(page(2, "d"), R"(e f ],"total":6})");
  EXPECT_EQ(page(2, "f"), R"(],"total":6})");
}

class VisiblePanelsTest : public testing::Test {
 protected:
  void add(std::string id) {
    panels::Definition definition;
    definition.id = std::move(id);
    definition.kind = "k";
    ASSERT_TRUE(registry_.create(std::move(definition)));
  }
  PanelList list(const Page& page, std::vector<std::string> globs) {
    return list_panels(registry_, page, Principal(kAllScopes, std::move(globs), Principal::kNever));
  }
  static std::vector<std::string> ids(const PanelList& list) {
    std::vector<std::string> ids;
    for (const PanelList::Row& row : list.rows)
      ids.push_back(row.id);
    return ids;
  }

  StoppedClock clock_;
  budget::UnlimitedLedger ledger_;
  panels::MemoryRegistry registry_{clock_, ledger_, 1};
};

TEST_F(VisiblePanelsTest, AreThoseThatTheTokenCovers) {
  for (const char* id : {"cart-2", "till", "cart-1", "cart-3", "admin"})
    add(id);
  const PanelList carts = list({.limit = 10}, {"cart-*"});
  EXPECT_THAT(ids(carts), ElementsAre("cart-1", "cart-2", "cart-3"));
  EXPECT_EQ(carts.total, 3);
  EXPECT_THAT(ids(list({.limit = 10}, {"till", "cart-3"})), ElementsAre("cart-3", "till"));
  EXPECT_THAT(ids(list({.limit = 10}, {})), IsEmpty());
  EXPECT_EQ(list({.limit = 10}, {}).total, 0);
}

TEST_F(VisiblePanelsTest, HaveOneRowMoreWhenThereIsANextPage) {
  for (const char* id : {"cart-1", "cart-2", "cart-3", "till"})
    add(id);
  EXPECT_THAT(ids(list({.limit = 1}, {"cart-*"})), ElementsAre("cart-1", "cart-2"));
  const PanelList last = list({.limit = 2, .after = "cart-1"}, {"cart-*"});
  EXPECT_THAT(ids(last), ElementsAre("cart-2", "cart-3"));
  EXPECT_EQ(last.total, 3);
  EXPECT_THAT(ids(list({.limit = 2, .after = "cart-9"}, {"cart-*"})), IsEmpty());
}

TEST_F(VisiblePanelsTest, AreFoundAmongThousands) {
  for (int panel = 1000; panel < 3500; ++panel)
    add("p" + std::to_string(panel));
  const PanelList found = list({.limit = 2}, {"p*99"});
  EXPECT_THAT(ids(found), ElementsAre("p1099", "p1199", "p1299"));
  EXPECT_EQ(found.total, 25);
}

}  // namespace
}  // namespace nexus::api
