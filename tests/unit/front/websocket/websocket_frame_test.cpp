#include "nexus/front/websocket/websocket_frame.h"

#include <gtest/gtest.h>

namespace nexus::websocket {
namespace {

TEST(WebSocketFrameTest, LengthsAreWrittenInSevenSixteenOrSixtyFourBits) {
  budget::UnlimitedLedger ledger;
  const auto head = [&ledger](std::size_t size) {
    return std::string(Frame(subscribers::share_text(std::string(size, 'x'), ledger)).head());
  };
  EXPECT_EQ(head(0), std::string("\x81\x00", 2));
  EXPECT_EQ(head(125), "\x81\x7d");
  EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
  EXPECT_EQ(head(0xffff), "\x81\x7e\xff\xff");
  EXPECT_EQ(head(0x10000), std::string("\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10));
}

}  // namespace
}  // namespace nexus::websocket
