// Every number at and beyond its bounds, from each source.
#include <gmock/gmock.h>

#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"
#include "operator.h"

namespace nexus::config {
namespace {

// Gives a row a value by one of the sources.
struct Giver {
  Operator give(const Row& row, const std::string& value) const {
    const std::string name(row.name);
    // These two rows bound each other.
    Operator person;
    if (name == "MIN_INSTANCES") person = std::move(person).flag("--max-instances", "16384");
    if (name == "MAX_INSTANCES") person = std::move(person).flag("--min-instances", "0");
    switch (source) {
      case Source::kFile:
        return std::move(person).file("[" + std::string(row.group) + "]\n" + std::string(row.key) + " = " +
                                      value + "\n");
      case Source::kFlag:
        return std::move(person).flag(flag(row), value);
      default:
        return std::move(person).variable(prefix + name, value);
    }
  }
  std::string origin(const Row& row) const {
    switch (source) {
      case Source::kFile:
        return "nexus.toml:2 " + file_key(row);
      case Source::kFlag:
        return flag(row);
      default:
        return prefix + std::string(row.name);
    }
  }

  Source source;
  std::string prefix = "";
};

class Bounds : public testing::TestWithParam<Giver> {
 protected:
  static const Number* number(const Row& row) { return std::get_if<Number>(&row.kind); }
};

TEST_P(Bounds, AreAllowed) {
  for (const Row& row : rows()) {
    const Number* kind = number(row);
    if (kind == nullptr) continue;
    for (const std::uint64_t value : {kind->least, kind->most}) {
      const Loaded loaded = GetParam().give(row, std::to_string(value)).loaded();
      EXPECT_EQ(kind->place.get(loaded.settings), value * scale(kind->unit)) << row.name;
      EXPECT_EQ(loaded.origin_of(row.name).text, GetParam().origin(row));
    }
  }
}

TEST_P(Bounds, AreNotPassed) {
  for (const Row& row : rows()) {
    const Number* kind = number(row);
    if (kind == nullptr) continue;
    std::vector<std::string> beyond{std::to_string(kind->most + 1), "-1", "9223372036854775807"};
    if (kind->least > 0) beyond.push_back(std::to_string(kind->least - 1));
    for (const std::string& value : beyond) {
      EXPECT_THAT(GetParam().give(row, value).errors(),
                  testing::ElementsAre(
                      ValidationError{std::string(row.name), value, bound_of(row), GetParam().origin(row)}));
    }
  }
}

std::string name_of(const testing::TestParamInfo<Giver>& giver) {
  switch (giver.param.source) {
    case Source::kFile:
      return "File";
    case Source::kFlag:
      return "Flag";
    default:
      return giver.param.prefix.empty() ? "Variable" : "VariableWithPrefix";
  }
}

INSTANTIATE_TEST_SUITE_P(From, Bounds,
                         testing::Values(Giver{Source::kFile}, Giver{Source::kEnvironment},
                                         Giver{Source::kEnvironment, "NEXUS_"}, Giver{Source::kFlag}),
                         name_of);

TEST(BoundsOfTheTable, AreThoseOfTheContract) {
  const auto least = [](std::string_view name) { return std::get<Number>(find_row(name)->kind).least; };
  EXPECT_EQ(least("MEMORY_LIMIT_MB"), 1);
  EXPECT_EQ(least("TIMEOUT_MS"), 100);
  EXPECT_EQ(least("MAX_WALL_MS"), 100);
  EXPECT_EQ(least("MAX_HOST_CALLS"), 1);
  EXPECT_EQ(least("MAX_INSTANCES"), 1);
  EXPECT_EQ(least("MIN_INSTANCES"), 0);
  EXPECT_EQ(least("STACK_SIZE_BYTES"), 64_KiB);
  EXPECT_EQ(std::get<Number>(find_row("STACK_SIZE_BYTES")->kind).most, 200_KiB);
  EXPECT_EQ(least("SUSPENSION_TTL_MS"), 100);
  EXPECT_EQ(least("MEMORY_BUDGET_MB"), 64);
  for (const char* port : {"HTTP_PORT", "WS_PORT"}) {
    EXPECT_EQ(least(port), 0);
    EXPECT_EQ(std::get<Number>(find_row(port)->kind).most, 65535);
  }
  for (const char* name :
       {"MAX_STATE_MUTATIONS", "MAX_EVENTS", "MAX_VIEW_COMMANDS", "MAX_JOURNAL_BYTES", "MAX_RESULT_BYTES",
        "MAX_STATE_BYTES", "MAX_LOG_BYTES", "MAX_QUEUE", "QUEUE_TIMEOUT_MS", "MAX_PANEL_QUEUE"}) {
    EXPECT_EQ(least(name), 0) << name;
  }
}

TEST(BoundsOfTheTable, HoldTheDefaults) { EXPECT_THAT(validate(RuntimeConfig{}), testing::IsEmpty()); }

TEST(BoundsOfTheTable, ValidateChecksConfigMadeByCode) {
  RuntimeConfig runtime;
  runtime.memory_limit_bytes = 1_MiB - 1;
  runtime.timeout_ms = 99;
  runtime.max_instances = 0;
  EXPECT_THAT(
      validate(runtime),
      testing::ElementsAre(
          ValidationError{"MEMORY_LIMIT_MB", "1048575", "a whole number from 1 to 4096 MiB", "RuntimeConfig"},
          ValidationError{"TIMEOUT_MS", "99", "a whole number from 100 to 86400000 ms", "RuntimeConfig"},
          ValidationError{"MAX_INSTANCES", "0", "a whole number from 1 to 16384", "RuntimeConfig"},
          ValidationError{"MIN_INSTANCES", "2", "at most MAX_INSTANCES, which is 0", "RuntimeConfig"}));
  EXPECT_THAT(validate({.max_instances = 7, .min_instances = 7}), testing::IsEmpty());
  EXPECT_EQ(validate({.max_instances = 7, .min_instances = 8}).size(), 1);
}

}  // namespace
}  // namespace nexus::config
