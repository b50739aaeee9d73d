#include "nexus/foundation/json/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace nexus {
namespace {

TEST(JsonObject, HasItsMembersInTheirOrder) {
  EXPECT_EQ(JsonObject().text(), "{}");
  const std::string json = JsonObject()
                               .add("text", "a \"quote\"")
                               .add("count", std::uint64_t{7})
                               .add("share", 0.5)
                               .add("is", true)
                               .add("there", std::optional(std::string("x")))
                               .add("missing", std::optional<std::uint64_t>())
                               .add_json("list", json_array(std::vector{"a", "b"}, json_string))
                               .text();
  EXPECT_EQ(
      json,
      R"({"text":"a \"quote\"","count":7,"share":0.5,"is":true,"there":"x","missing":null,"list":["a","b"]})");
}

}  // namespace
}  // namespace nexus
