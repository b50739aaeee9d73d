#include <gtest/gtest.h>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

TEST(ResetTime, MeasuresOneInSixteenResets) {
  Sandbox sandbox;
  const auto image = sandbox.load("return 1");
  ASSERT_TRUE(image);
  int measured = 0;
  for (int call = 0; call < 32; ++call)
    measured += sandbox.run_image(*image, "return 1").result().metrics.reset_ns.has_value() ? 1 : 0;
  EXPECT_EQ(measured, 2);
}

TEST(ResetTime, IsNotMeasuredForDiscardedInstances) {
  Sandbox sandbox;
  const RunOptions options{.limits = {.timeout_ms = 1}};
  for (int call = 0; call < 16; ++call)
    EXPECT_FALSE(sandbox.run("for (;;);", options).result().metrics.reset_ns);
}

}  // namespace
}  // namespace nexus::testing
