// The example of docs/extensions.md works, and the page shows its present source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

#include "examples/extension/checksum.h"
#include "unit/runtime/extensions/settlements.h"

namespace nexus::extensions {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(NEXUS_SOURCE_DIR "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ExampleExtension, Works) {
  FakeSettlements settlements;
  example::Checksum checksum;
  checksum.start({CallId{1}, "of", R"(["ab"])", "p"}, settlements);
  checksum.start({CallId{2}, "of", "[1]", "p"}, settlements);
  EXPECT_EQ(settlements.of(CallId{1}).json, "195");
  EXPECT_TRUE(is_error(settlements.of(CallId{2}), "TypeError"));
}

TEST(ExampleExtension, IsTheSourceOnThePage) {
  const std::string page = read("docs/extensions.md");
  const std::string source = read("examples/extension/checksum.cpp");
  const auto from = source.find("Started Checksum::start");
  ASSERT_NE(from, std::string::npos);
  EXPECT_THAT(page, ::testing::HasSubstr(source.substr(from, source.find("}  // namespace example") - from)));
}

}  // namespace
}  // namespace nexus::extensions
