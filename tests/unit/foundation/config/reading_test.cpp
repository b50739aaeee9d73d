#include "nexus/foundation/config/reading.h"

#include <gmock/gmock.h>

#include <set>

#include "operator.h"

namespace nexus::config {
namespace {

using testing::ElementsAre;

TEST(Reading, ASizeHasASuffix) {
  for (const auto& [text, bytes] : std::map<std::string, std::uint64_t>{{"2mb", 2_MiB},
                                                                        {"2MB", 2_MiB},
                                                                        {"64kb", 64_KiB},
                                                                        {"1gb", 1_GiB},
                                                                        {"2048b", 2048},
                                                                        {"2048", 2048}}) {
    EXPECT_EQ(Operator().variable("BODY_LIMIT", text).settings().server.body_limit_bytes, bytes) << text;
  }
  for (const char* text :
       {"mb", "1 mb", "1tb", "-1mb", "1.5mb", "99999999999999999999gb", "18446744073709551615kb"}) {
    EXPECT_EQ(Operator().variable("BODY_LIMIT", text).errors().size(), 1) << text;
  }
}

TEST(Reading, ANumberIsDigitsAndNothingElse) {
  for (const char* text :
       {"x", "1000x", " 1000", "1000 ", "-1", "+1000", "0x1000", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(Operator().variable("TIMEOUT_MS", text).errors().size(), 1) << text;
  }
  // This many MiB overflow 64 bits to zero bytes.
  EXPECT_EQ(Operator().variable("MEMORY_LIMIT_MB", "17592186044416").errors().size(), 1);
}

TEST(Reading, ASwitchIsTrueOrFalse) {
  EXPECT_TRUE(Operator().variable("TRUST_PROXY", "true").settings().server.trust_proxy);
  EXPECT_FALSE(Operator().variable("TRUST_PROXY", "false").settings().server.trust_proxy);
  for (const char* text : {"1", "0", "yes", "on", "TRUE", "True"}) {
    EXPECT_EQ(Operator().variable("TRUST_PROXY", text).errors().size(), 1) << text;
    EXPECT_EQ(Operator().variable("AUTH_ENABLED", text).errors().size(), 1) << text;
  }
}

TEST(Reading, AListIsSeparatedByCommas) {
  EXPECT_THAT(
      Operator().variable("ALLOWED_HOSTS", " a.example,\tb.example ,, ").settings().server.allowed_hosts,
      ElementsAre("a.example", "b.example"));
  EXPECT_EQ(Operator().variable("ALLOWED_HOSTS", "a.example,not a name").errors().size(), 1);
}

TEST(Reading, AChoiceIsOneOfItsWords) {
  for (const char* text : {"debug", "info", "warn", "error"}) {
    EXPECT_EQ(Operator().variable("LOG_LEVEL", text).settings().logging.level, text);
  }
  for (const char* text : {"debug info", "INFO", "trace", " "}) {
    EXPECT_EQ(Operator().variable("LOG_LEVEL", text).errors().size(), 1) << text;
  }
}

TEST(Reading, TextsHaveRules) {
  for (const auto& [name, text] :
       std::multimap<std::string, std::string>{{"HOST", "example.org"},
                                               {"HOST", "127.0.0.1:80"},
                                               {"CORS_ORIGINS", "*"},
                                               {"CORS_ORIGINS", "https://a.example/x"},
                                               {"HTTP_ALLOWED_DOMAINS", "https://a.example"},
                                               {"HTTP_EXT_PROXY", "proxy.example"}}) {
    EXPECT_EQ(Operator().variable(name, text).errors().size(), 1) << name << " " << text;
  }
  EXPECT_EQ(Operator().flag("--host", "").errors().size(), 1);
  EXPECT_EQ(Operator().flag("--cache-dir", "").settings().runtime.cache_dir, "");
}

std::string shown(std::string_view name, const Settings& settings) {
  const Shown shown = show(*find_row(name), settings);
  return shown.unit.empty() ? shown.value : shown.value + " " + std::string(shown.unit);
}

TEST(Reading, ShowsValuesAsOperatorsWriteThem) {
  Settings settings;
  EXPECT_EQ(shown("MEMORY_LIMIT_MB", settings), "32 MiB");
  EXPECT_EQ(shown("BODY_LIMIT", settings), "1mb");
  EXPECT_EQ(shown("TIMEOUT_MS", settings), "5000 ms");
  EXPECT_EQ(shown("CAPABILITIES", settings), "state:*,events:*,view:*,ext:*");
  EXPECT_EQ(show(*find_row("AUTH_ENABLED"), settings).value, "");
  EXPECT_EQ(show(*find_row("THREADS"), settings).value, "");
  settings.runtime.memory_limit_bytes = 1_MiB + 1;
  EXPECT_EQ(shown("MEMORY_LIMIT_MB", settings), "1048577 bytes");
  settings.server.body_limit_bytes = 1025;
  EXPECT_EQ(shown("BODY_LIMIT", settings), "1025b");
}

TEST(Reading, EveryDefaultIsAValueOfItsRow) {
  for (const Row& row : rows()) {
    const std::string text = show(row, Settings{}).value;
    if (!text.empty()) {
      EXPECT_TRUE(read(row, {text, Form::kWord, {}})) << row.name;
    }
    EXPECT_FALSE(row.meaning.empty()) << row.name;
  }
}

TEST(Reading, NamesKeysAndFlagsAreUnique) {
  std::set<std::string> seen;
  for (const Row& row : rows()) {
    EXPECT_TRUE(seen.insert(std::string(row.name)).second) << row.name;
    EXPECT_TRUE(seen.insert(file_key(row)).second) << row.name;
    EXPECT_TRUE(seen.insert(flag(row)).second) << row.name;
  }
  EXPECT_EQ(flag(*find_row("HTTP_PORT")), "--http-port");
  EXPECT_EQ(file_key(*find_row("HTTP_TIMEOUT")), "extensions.http.timeout_ms");
}

}  // namespace
}  // namespace nexus::config
