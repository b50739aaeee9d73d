#include "nexus/runtime/loop/placement.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace nexus {
namespace {

TEST(OwnerOf, IsTheSameOnEveryMachine) {
  EXPECT_EQ(owner_of("p1", 1), 0U);
  EXPECT_EQ(owner_of("demo", 4), 1U);
  EXPECT_EQ(owner_of("p1", 4), 3U);
  EXPECT_EQ(owner_of("", 4), 2U);
}

TEST(OwnerOf, SpreadsPanelsEvenly) {
  for (const std::size_t loops : {2, 3, 8, 64}) {
    std::array<std::size_t, 64> panels{};
    for (std::size_t i = 0; i < 1000 * loops; ++i)
      ++panels[owner_of("panel-" + std::to_string(i), loops)];
    for (std::size_t loop = 0; loop < loops; ++loop) {
      EXPECT_GT(panels[loop], 800U);
      EXPECT_LT(panels[loop], 1200U);
    }
  }
}

}  // namespace
}  // namespace nexus
