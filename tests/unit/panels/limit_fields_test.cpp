#include "nexus/panels/limit_fields.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "nexus/config/table.h"

namespace nexus::panels {
namespace {

// The operator's table and the authors' are two, because config/ knows nothing of sandboxes. They must agree.
TEST(LimitFields, HaveTheBoundsAndDefaultsOfTheirSettings) {
  const sandbox::Limits standard;
  for (const LimitField& field : limit_fields()) {
    const auto rows = config::number_settings();
    const auto row = std::ranges::find(rows, field.setting, &config::NumberSetting::name);
    ASSERT_NE(row, rows.end()) << field.setting;
    const std::uint64_t unit = row->unit == config::Unit::kMiB ? 1_MiB : 1;
    EXPECT_EQ(row->least * unit, field.least) << field.name;
    EXPECT_EQ(row->standard * unit, standard.*field.value) << field.name;
  }
}

TEST(LimitFields, CoverEveryLimit) {
  EXPECT_EQ(limit_fields().size() * sizeof(std::uint64_t), sizeof(sandbox::Limits));
}

}  // namespace
}  // namespace nexus::panels
