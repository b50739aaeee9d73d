#include "nexus/foundation/base/trace.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

constexpr const char* kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(Trace, ValidatesTraceParent) {
  EXPECT_TRUE(is_trace_parent(kParent));
  EXPECT_TRUE(is_trace_parent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-of-later"))
      << "a later version";
  for (const char* bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                          "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"})
    EXPECT_FALSE(is_trace_parent(bad)) << bad;
}

TEST(Trace, ChildKeepsTraceAndChangesSpan) {
  EXPECT_EQ(child_of(kParent, 0xabc), "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000abc-01");
  EXPECT_EQ(Trace({}, kParent, {}).id(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(Trace().id(), "");
}

TEST(Trace, ARequestIdIsShortAndVisible) {
  EXPECT_TRUE(is_request_id("r-17"));
  EXPECT_TRUE(is_request_id(std::string(kMostRequestIdBytes, 'x')));
  for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\r\nSet-Cookie: x"),
                                 std::string("é"), std::string(kMostRequestIdBytes + 1, 'x')})
    EXPECT_FALSE(is_request_id(bad)) << bad;
}

}  // namespace
}  // namespace nexus
