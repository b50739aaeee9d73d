#include "nexus/foundation/base/units.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

TEST(Units, AreBinary) {
  EXPECT_EQ(1_KiB, 1024u);
  EXPECT_EQ(1_MiB, 1'048'576u);
  EXPECT_EQ(4_GiB, 4'294'967'296u);
}

TEST(Units, PagesCoverTheBytes) {
  EXPECT_EQ(pages_for(0), 0u);
  EXPECT_EQ(pages_for(1), 1u);
  EXPECT_EQ(pages_for(kPageBytes), 1u);
  EXPECT_EQ(pages_for(kPageBytes + 1), 2u);
  EXPECT_EQ(pages_for(kWasmPageBytes), 16u);
}

}  // namespace
}  // namespace nexus
