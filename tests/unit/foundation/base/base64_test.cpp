#include "nexus/foundation/base/base64.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

TEST(Base64Url, IsWrittenWithoutPaddingAndReadBack) {
  const struct {
    std::string_view bytes, text;
  } cases[] = {{"", ""},           {"f", "Zg"},         {"fo", "Zm8"},           {"foo", "Zm9v"},
               {"foob", "Zm9vYg"}, {"\xfb\xff", "-_8"}, {"\xff\xff\xff", "____"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64url(bytes), text);
    EXPECT_EQ(from_base64url(text), bytes) << text;
  }
}

TEST(Base64Url, HasOneFormOfEachText) {
  for (const char* text :
       {"Z", "Zg==", "Zg=", "Zh", "Zm9", "Zm9vZ", "+_8", "-/8", "-_9", "Zm 8", "Zm8\n", "===="})
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

}  // namespace
}  // namespace nexus
