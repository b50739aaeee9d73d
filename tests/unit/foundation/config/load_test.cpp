#include "nexus/foundation/config/load.h"

#include <gmock/gmock.h>

#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"
#include "operator.h"

namespace nexus::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Load, WithoutInputGivesContractDefaults) {
  const Settings settings = Operator().settings();
  EXPECT_EQ(settings, Settings{});
  EXPECT_EQ(settings.server.host, "127.0.0.1");
  EXPECT_EQ(settings.server.http_port, 3000);
  EXPECT_EQ(settings.server.ws_port, 3001);
  EXPECT_EQ(settings.server.body_limit_bytes, 1_MiB);
  EXPECT_EQ(settings.server.sync_wait_ms, 55'000);
  EXPECT_EQ(settings.server.shutdown_grace_ms, 25'000);
  EXPECT_EQ(settings.runtime.memory_limit_bytes, 32_MiB);
  EXPECT_EQ(settings.runtime.timeout_ms, 5000);
  EXPECT_EQ(settings.runtime.max_panel_queue, 64);
  EXPECT_EQ(settings.runtime.suspension_ttl_ms, 300'000);
  EXPECT_EQ(settings.runtime.cache_dir, "/tmp/nexus-cache");
  EXPECT_THAT(settings.runtime.capabilities, ElementsAre("state:*", "events:*", "view:*", "ext:*"));
  EXPECT_EQ(settings.http.max_concurrent, 10);
  EXPECT_EQ(settings.http.timeout_ms, 30'000);
  EXPECT_EQ(settings.logging.level, "info");
  EXPECT_EQ(settings.auth.enabled, Authentication::kUndecided);
  EXPECT_EQ(settings.store.state_store, "memory");
}

TEST(Load, DefaultsHaveNoOriginsOrWarnings) {
  const Loaded loaded = Operator().loaded();
  EXPECT_THAT(loaded.origins, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.origin_of("HTTP_PORT"), (Origin{Source::kDefault, "default"}));
}

// Sources from weakest to strongest; the value that each one gives contains its index.
struct Origins {
  static Operator give(Operator person, std::size_t source) {
    switch (source) {
      case 0:
        return std::move(person).file("[runtime]\n\ntimeout_ms = 1000\n");
      case 1:
        return std::move(person).variable("TIMEOUT_MS", "1001");
      case 2:
        return std::move(person).variable("NEXUS_TIMEOUT_MS", "1002");
      default:
        return std::move(person).flag("--timeout-ms", "1003");
    }
  }
  static inline const std::vector<Origin> kOrigins{{Source::kFile, "nexus.toml:3 runtime.timeout_ms"},
                                                   {Source::kEnvironment, "TIMEOUT_MS"},
                                                   {Source::kEnvironment, "NEXUS_TIMEOUT_MS"},
                                                   {Source::kFlag, "--timeout-ms"}};
};

TEST(Load, TheStrongerOfTwoSourcesWins) {
  for (std::size_t weaker = 0; weaker < Origins::kOrigins.size(); ++weaker) {
    for (std::size_t stronger = weaker; stronger < Origins::kOrigins.size(); ++stronger) {
      const Loaded loaded = Origins::give(Origins::give(Operator(), stronger), weaker).loaded();
      EXPECT_EQ(loaded.settings.runtime.timeout_ms, 1000 + stronger);
      EXPECT_EQ(loaded.origin_of("TIMEOUT_MS"), Origins::kOrigins[stronger]);
    }
  }
}

TEST(Load, EachSourceIsStrongerThanTheDefault) {
  for (std::size_t source = 0; source < Origins::kOrigins.size(); ++source) {
    EXPECT_EQ(Origins::give(Operator(), source).settings().runtime.timeout_ms, 1000 + source);
  }
}

TEST(Load, MergesKeyByKey) {
  const Settings settings =
      Operator()
          .file("[server]\nhttp_port = 1\nbody_limit = \"2mb\"\n[runtime]\nmax_queue = 3\n")
          .variable("HTTP_PORT", "4")
          .flag("--max-events", "5")
          .settings();
  EXPECT_EQ(settings.server.http_port, 4);
  EXPECT_EQ(settings.server.body_limit_bytes, 2_MiB);
  EXPECT_EQ(settings.runtime.max_queue, 3);
  EXPECT_EQ(settings.runtime.max_events, 5);
  EXPECT_EQ(settings.runtime.max_wall_ms, RuntimeConfig{}.max_wall_ms);
}

TEST(Load, ListOfStrongerSourceReplacesWeaker) {
  EXPECT_THAT(Operator()
                  .file("[server]\nallowed_hosts = [\"a.example\", \"b.example\"]\n")
                  .variable("ALLOWED_HOSTS", "c.example")
                  .settings()
                  .server.allowed_hosts,
              ElementsAre("c.example"));
}

TEST(Load, ReplacedValuesAreNotParsed) {
  EXPECT_EQ(Operator()
                .file("[server]\nhttp_port = \"nonsense\"\n")
                .variable("HTTP_PORT", "nonsense")
                .variable("NEXUS_HTTP_PORT", "2")
                .settings()
                .server.http_port,
            2);
}

TEST(Load, EmptyVariableCountsAsUnset) {
  EXPECT_EQ(Operator().variable("HTTP_PORT", "").settings().server.http_port, 3000);
  EXPECT_EQ(Operator().variable("NEXUS_HTTP_PORT", "").variable("HTTP_PORT", "7").settings().server.http_port,
            7);
}

TEST(Load, AnEmptyFlagIsAValue) {
  EXPECT_THAT(Operator().flag("--capabilities", "").settings().runtime.capabilities, IsEmpty());
  EXPECT_EQ(Operator().flag("--http-port", "").errors().size(), 1);
}

TEST(Load, AllErrorsAreReportedAtOnce) {
  EXPECT_THAT(
      Operator()
          .file("[server]\nspeed = 1\n[logging]\nlevel = \"loud\"\n")
          .variable("HTTP_PORT", "x")
          .variable("NEXUS_TIMEOUT_MS", "5")
          .variable("MAX_INSTANCES", "1")
          .variable("MIN_INSTANCES", "2")
          .variable("HOST", "0.0.0.0")
          .flag("--max-quue", "7")
          .flag("--trust-proxy", "yes")
          .errors(),
      ElementsAre(
          Field(&ValidationError::field, "server.speed"), Field(&ValidationError::field, "--max-quue"),
          ValidationError{"HTTP_PORT", "x", "a whole number from 0 to 65535", "HTTP_PORT"},
          ValidationError{"TRUST_PROXY", "yes", "true or false", "--trust-proxy"},
          ValidationError{"TIMEOUT_MS", "5", "a whole number from 100 to 86400000 ms", "NEXUS_TIMEOUT_MS"},
          ValidationError{"LOG_LEVEL", "loud", "one of: debug info warn error", "nexus.toml:4 logging.level"},
          ValidationError{"MIN_INSTANCES", "2", "at most MAX_INSTANCES, which is 1", "MIN_INSTANCES"},
          Field(&ValidationError::field, "HOST")));
}

TEST(Load, AnErrorSaysFieldValueBoundAndOrigin) {
  EXPECT_EQ(describe(Operator().variable("NEXUS_HTTP_PORT", "70000").errors().at(0)),
            "HTTP_PORT is \"70000\" (from NEXUS_HTTP_PORT); it must be a whole number from 0 to 65535");
}

TEST(Load, ErrorShowsPastedLineEnd) {
  EXPECT_THAT(describe(Operator().variable("HTTP_PORT", "80\n").errors().at(0)),
              HasSubstr(R"(HTTP_PORT is "80\n" ()"));
}

TEST(Load, AnUnknownFlagHasTheNearestName) {
  EXPECT_THAT(Operator().flag("--htpp-port", "1").errors(),
              ElementsAre(ValidationError{"--htpp-port", "***", "a known flag: did you mean --http-port?",
                                          "the command line"}));
}

TEST(Load, AFileThatCannotBeReadIsAnErrorBesideTheOthers) {
  EXPECT_THAT(Operator().config_path("gone.toml").variable("WS_PORT", "-1").errors(),
              ElementsAre(ValidationError{"--config", "gone.toml", "a file that can be read: no such file",
                                          "--config"},
                          Field(&ValidationError::field, "WS_PORT")));
}

TEST(Load, ARuleFromOutsideIsReportedBesideTheOthers) {
  const Rule no_more_than_nine{"MAX_EVENTS", [](const Settings& settings) -> std::optional<std::string> {
                                 if (settings.runtime.max_events <= 9) return std::nullopt;
                                 return "no more than nine";
                               }};
  EXPECT_THAT(
      Operator().rule(no_more_than_nine).variable("MAX_EVENTS", "10").variable("HTTP_PORT", "x").errors(),
      ElementsAre(Field(&ValidationError::field, "HTTP_PORT"),
                  ValidationError{"MAX_EVENTS", "10", "no more than nine", "MAX_EVENTS"}));
  EXPECT_EQ(Operator().rule(no_more_than_nine).variable("MAX_EVENTS", "9").settings().runtime.max_events, 9);
  // A value that cannot be read is one error, not two.
  EXPECT_EQ(Operator().rule(no_more_than_nine).variable("MAX_EVENTS", "x").errors().size(), 1);
}

TEST(Load, WarnsAboutSettingsWithoutEffect) {
  for (const Row& row : rows()) {
    const bool is_waiting = row.effect == Effect::kNotYet;
    std::string value = show(row, Settings{}).value;
    if (value.empty()) value = std::holds_alternative<Number>(row.kind) ? "64" : "";
    if (value.empty()) continue;
    const auto warnings = Operator().variable(std::string(row.name), value).loaded().warnings;
    EXPECT_EQ(warnings.size(), is_waiting ? 1 : 0) << row.name;
    if (is_waiting) {
      EXPECT_THAT(warnings, ElementsAre(AllOf(HasSubstr(row.name), HasSubstr("no effect yet"))));
    }
  }
}

}  // namespace
}  // namespace nexus::config
