#include "nexus/server/panel_list.h"

#include <gtest/gtest.h>

#include <array>

namespace nexus::server {
namespace {

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
  // The ids of the page and what follows them: "a b, 5, next b".
  std::string page(std::size_t limit, std::string after) {
    const Page page{limit, std::move(after)};
    const std::array lists = {list_panels(first_, page), list_panels(second_, page)};
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

TEST_F(PanelListTest, IsOneOrderOverAllRegistries) {
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

}  // namespace
}  // namespace nexus::server
