// docs/configuration.md and the table in the code agree, in both directions.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"

namespace nexus::config {
namespace {

using Cells = std::map<std::string, std::string>;  // by the title of the column

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

// The cells of a line "| a | b |".
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  for (std::size_t begin = 1; begin < line.size();) {
    const auto end = std::min(line.find('|', begin), line.size());
    cells.push_back(trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return cells;
}

// The rows of all tables whose first column is "setting", by that column.
std::map<std::string, Cells> documented() {
  std::ifstream file(NEXUS_SOURCE_DIR "/docs/configuration.md");
  std::map<std::string, Cells> found;
  std::vector<std::string> heads;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('|')) {
      heads.clear();
      continue;
    }
    const auto cells = cells_of(line);
    if (heads.empty()) {
      heads = cells;
    } else if (heads.front() == "setting" && !line.starts_with("|---")) {
      EXPECT_EQ(cells.size(), heads.size()) << line;
      Cells row;
      for (std::size_t i = 0; i < std::min(cells.size(), heads.size()); ++i)
        row[heads[i]] = cells[i];
      EXPECT_TRUE(found.emplace(cells.front(), row).second) << line << " is there twice";
    }
  }
  return found;
}

std::string as_documented(const Row& row) {
  const Shown shown = show(row, Settings{});
  return shown.value.empty() ? std::string(row.unset) : shown.value;
}

std::string unit_of(const Row& row, const Number& number) {
  return number.unit == Unit::kSize ? "size" : std::string(show(row, Settings{}).unit);
}

TEST(Documentation, HasEverySetting) {
  const auto lines = documented();
  for (const Row& row : rows()) {
    const auto found = lines.find(std::string(row.name));
    ASSERT_NE(found, lines.end()) << row.name << " is missing";
    Cells cells = found->second;
    EXPECT_EQ(cells["key"], file_key(row)) << row.name;
    EXPECT_EQ(cells["default"], as_documented(row)) << row.name;
    EXPECT_FALSE(cells["meaning"].empty()) << row.name;
    EXPECT_EQ(cells["meaning"].contains("No effect yet"), row.effect == Effect::kNotYet) << row.name;
  }
}

TEST(Documentation, HasUnitBoundsAndConsequencesOfEveryNumber) {
  const auto lines = documented();
  for (const Row& row : rows()) {
    const auto* number = std::get_if<Number>(&row.kind);
    const auto found = lines.find(std::string(row.name));
    if (number == nullptr || found == lines.end()) continue;
    Cells cells = found->second;
    const std::string unit(
        unit_of(row, *number).empty() || number->unit == Unit::kSize ? "" : " " + cells["unit"]);
    EXPECT_THAT(bound_of(row), testing::EndsWith(" from " + cells["least to most"] + unit)) << row.name;
    EXPECT_EQ(cells["unit"], unit_of(row, *number)) << row.name;
    EXPECT_FALSE(cells["worse when raised"].empty()) << row.name;
    EXPECT_FALSE(cells["worse when lowered"].empty()) << row.name;
  }
}

TEST(Documentation, HasNoOtherSetting) {
  for (const auto& [name, cells] : documented())
    EXPECT_NE(find_row(name), nullptr) << name;
}

}  // namespace
}  // namespace nexus::config
