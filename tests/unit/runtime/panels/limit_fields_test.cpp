#include "nexus/runtime/panels/limit_fields.h"

#include <gtest/gtest.h>

#include "nexus/foundation/config/table.h"

namespace nexus::panels {
namespace {

// There are two tables, the operator's and the authors', because config/ knows nothing of panels. They must agree.
TEST(LimitFields, HaveTheBoundsAndDefaultsOfTheirSettings) {
  const Limits standard;
  for (const LimitField& field : limit_fields()) {
    const config::Row* row = config::find_row(field.setting);
    ASSERT_NE(row, nullptr) << field.setting;
    const auto& number = std::get<config::Number>(row->kind);
    EXPECT_EQ(number.least * config::scale(number.unit), field.least) << field.name;
    EXPECT_EQ(number.place.get(config::Settings{}), standard.*field.value) << field.name;
  }
}

TEST(LimitFields, CoverEveryLimit) {
  EXPECT_EQ(limit_fields().size() * sizeof(std::uint64_t), sizeof(Limits));
}

}  // namespace
}  // namespace nexus::panels
