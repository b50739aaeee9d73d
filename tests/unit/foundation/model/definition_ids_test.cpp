#include "nexus/foundation/model/definition_ids.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

TEST(IdInDefinition, AgreesWithDefinitionParser) {
  EXPECT_EQ(id_in_definition(R"({"kind":"k","id":"a.b-c_1","tools":[{"id":"not this"}]})"), "a.b-c_1");
  EXPECT_EQ(id_in_definition(R"({"id":"\u0070\u0031"})"), "p1");
  EXPECT_EQ(id_in_definition(R"({"\u0069d":"p1"})"), "p1");
  for (const std::string_view none : {"", "{}", "[]", "7", R"({"id":7})", R"({"id":""})", R"({"id":)",
                                      R"({"ID":"x"})", R"({"id":null})", R"({"id":["\\"]})", R"("id")"}) {
    EXPECT_EQ(id_in_definition(none), "") << none;
  }
}

}  // namespace
}  // namespace nexus
