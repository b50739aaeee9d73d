#include "nexus/foundation/base/ids.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

#include "nexus/foundation/base/random.h"

namespace nexus {
namespace {

TEST(Uuid, HasTheFormOfVersion7) {
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_uuid(0x0123'4567'89ab);
    ASSERT_EQ(id.size(), 36u);
    EXPECT_TRUE(id.starts_with("01234567-89ab-7")) << id;
    EXPECT_EQ(id[18], '-');
    EXPECT_EQ(id[23], '-');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
    EXPECT_EQ(std::ranges::count(id, '-'), 4);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef-"), std::string::npos) << id;
  }
}

TEST(Uuid, SortsByTime) {
  EXPECT_LT(make_uuid(1'700'000'000'000), make_uuid(1'700'000'000'001));
  EXPECT_LT(make_uuid(255), make_uuid(256));
}

TEST(Uuid, IsUniqueAcrossThreads) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  std::vector<std::vector<std::string>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    threads.reserve(kThreads);
    for (auto& ids : made) {
      threads.emplace_back([&ids] {
        for (std::size_t i = 0; i < kEach; ++i)
          ids.push_back(make_uuid(1));
      });
    }
  }
  std::set<std::string> all;
  for (const auto& ids : made)
    all.insert(ids.begin(), ids.end());
  EXPECT_EQ(all.size(), kThreads * kEach);
}

TEST(Random, UsesAllBits) {
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t word = random_u64();
    ones |= word;
    zeros |= ~word;
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

TEST(PanelId, IsCheckedByItsForm) {
  for (const std::string& id :
       {std::string("a"), std::string("0"), std::string("A.b_c-9"), std::string(128, 'x')}) {
    EXPECT_TRUE(is_panel_id(id)) << id;
  }
  for (const std::string& id :
       {std::string(), std::string(".a"), std::string("-a"), std::string("_a"), std::string("a/b"),
        std::string("a b"), std::string("\xc3\xa9"), std::string("a\0", 2), std::string(129, 'x')}) {
    EXPECT_FALSE(is_panel_id(id)) << id;
  }
}

TEST(ToolName, IsCheckedByItsForm) {
  for (const std::string& name :
       {std::string("a"), std::string("_"), std::string("-.x"), std::string(64, 'x')}) {
    EXPECT_TRUE(is_tool_name(name)) << name;
  }
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string("a b"), std::string("a:b"), std::string(65, 'x')}) {
    EXPECT_FALSE(is_tool_name(name)) << name;
  }
}

}  // namespace
}  // namespace nexus
