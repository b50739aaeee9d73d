#include "nexus/config/settings.h"

#include <gmock/gmock.h>

#include <map>

#include "nexus/config/table.h"

namespace nexus::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

Environment with(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

Settings settings_of(std::map<std::string, std::string> variables) {
  const auto loaded = load(with(std::move(variables)));
  if (!loaded) {
    ADD_FAILURE() << describe(loaded.error().front());
    return {};
  }
  return loaded->settings;
}

std::vector<Fault> faults_of(std::map<std::string, std::string> variables) {
  auto loaded = load(with(std::move(variables)));
  return loaded ? std::vector<Fault>{} : std::move(loaded.error());
}

TEST(Settings, HaveTheDefaultsOfTheContract) {
  const Settings settings = settings_of({});
  EXPECT_EQ(settings.host, "127.0.0.1");
  EXPECT_EQ(settings.log_level, "info");
  EXPECT_EQ(settings.http_port, 3000);
  EXPECT_EQ(settings.body_limit_bytes, 1_MiB);
  EXPECT_EQ(settings.memory_limit_mb, 32);
  EXPECT_EQ(settings.timeout_ms, 5000);
  EXPECT_EQ(settings.max_panel_queue, 64);
  EXPECT_EQ(settings.shutdown_grace_ms, 25'000);
}

TEST(Settings, EveryDefaultKeepsItsOwnBounds) {
  for (const NumberSetting& row : number_settings()) {
    EXPECT_LE(row.least, row.standard) << row.name;
    EXPECT_LE(row.standard, row.most) << row.name;
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
}

TEST(Settings, EveryNumberIsReadAtBothBoundsAndRefusedBeyond) {
  for (const NumberSetting& row : number_settings()) {
    const std::string name(row.name);
    if (name == "MIN_INSTANCES" || name == "MAX_INSTANCES") continue;  // they bound each other
    EXPECT_EQ(settings_of({{name, std::to_string(row.least)}}).*row.value, row.least) << name;
    EXPECT_EQ(settings_of({{name, std::to_string(row.most)}}).*row.value, row.most) << name;
    EXPECT_EQ(faults_of({{name, std::to_string(row.most + 1)}}).size(), 1) << name;
    if (row.least > 0) {
      EXPECT_EQ(faults_of({{name, std::to_string(row.least - 1)}}).size(), 1) << name;
    }
  }
}

TEST(Settings, TheNameWithThePrefixWins) {
  EXPECT_EQ(settings_of({{"HTTP_PORT", "1"}, {"NEXUS_HTTP_PORT", "2"}}).http_port, 2);
  EXPECT_EQ(settings_of({{"HTTP_PORT", "nonsense"}, {"NEXUS_HTTP_PORT", "2"}}).http_port, 2);
}

TEST(Settings, AnEmptyValueIsNone) { EXPECT_EQ(settings_of({{"HTTP_PORT", ""}}).http_port, 3000); }

TEST(Settings, ASizeHasASuffix) {
  for (const auto& [text, bytes] : std::map<std::string, std::uint64_t>{{"2mb", 2_MiB},
                                                                        {"2MB", 2_MiB},
                                                                        {"64kb", 64_KiB},
                                                                        {"1gb", 1_GiB},
                                                                        {"2048b", 2048},
                                                                        {"2048", 2048}}) {
    EXPECT_EQ(settings_of({{"BODY_LIMIT", text}}).body_limit_bytes, bytes) << text;
  }
  for (const char* text :
       {"mb", "1 mb", "1tb", "-1mb", "1.5mb", "99999999999999999999gb", "18446744073709551615kb"}) {
    EXPECT_EQ(faults_of({{"BODY_LIMIT", text}}).size(), 1) << text;
  }
}

TEST(Settings, ANumberIsDigitsAndNothingElse) {
  for (const char* text : {"x", "1x", " 1", "1 ", "-1", "+1", "0x10", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(faults_of({{"TIMEOUT_MS", text}}).size(), 1) << text;
  }
}

TEST(Settings, AllFaultsAreReportedAtOnce) {
  EXPECT_THAT(
      faults_of({{"HTTP_PORT", "x"}, {"NEXUS_TIMEOUT_MS", "5"}, {"LOG_LEVEL", "loud"}, {"HOST", "nowhere"}}),
      ElementsAre(
          Fault{"HTTP_PORT", "x", "a whole number from 0 to 65535", "HTTP_PORT"},
          Fault{"TIMEOUT_MS", "5", "a whole number from 100 to 86400000 (milliseconds)", "NEXUS_TIMEOUT_MS"},
          Fault{"LOG_LEVEL", "loud", "one of: debug info warn error", "LOG_LEVEL"},
          Fault{"HOST", "nowhere", "an IP address or localhost", "HOST"}));
}

TEST(Settings, AFaultSaysFieldValueBoundAndOrigin) {
  EXPECT_EQ(describe(faults_of({{"NEXUS_HTTP_PORT", "70000"}}).at(0)),
            "HTTP_PORT is \"70000\" (from NEXUS_HTTP_PORT); it must be a whole number from 0 to 65535");
}

TEST(Settings, FewerInstancesThanAreKeptWarmIsAFault) {
  EXPECT_THAT(faults_of({{"MAX_INSTANCES", "1"}}),
              ElementsAre(AllOf(Field(&Fault::field, "MIN_INSTANCES"), Field(&Fault::origin, "default"),
                                Field(&Fault::bound, HasSubstr("MAX_INSTANCES, which is 1")))));
}

TEST(Settings, AnOpenHostMustBeMeant) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1"}) {
    EXPECT_EQ(settings_of({{"HOST", host}}).host, host);
  }
  for (const char* host : {"0.0.0.0", "::", "192.168.1.5"}) {
    EXPECT_EQ(faults_of({{"HOST", host}}).size(), 1) << host;
    const auto loaded = load(with({{"HOST", host}, {"AUTH_ENABLED", "false"}}));
    ASSERT_TRUE(loaded) << host;
    EXPECT_EQ(loaded->warnings.size(), 1) << host;
  }
}

TEST(Settings, AuthenticationThatDoesNotExistYetIsRefused) {
  EXPECT_EQ(faults_of({{"AUTH_ENABLED", "true"}}).size(), 1);
}

}  // namespace
}  // namespace nexus::config
