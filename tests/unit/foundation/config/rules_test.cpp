#include "nexus/foundation/config/rules.h"

#include <gmock/gmock.h>

#include "operator.h"

namespace nexus::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kKey(32, 'k');

TEST(Rules, MinInstancesAboveMaxIsAnError) {
  EXPECT_THAT(Operator().variable("MAX_INSTANCES", "1").variable("MIN_INSTANCES", "2").errors(),
              ElementsAre(AllOf(Field(&ValidationError::field, "MIN_INSTANCES"),
                                Field(&ValidationError::origin, "MIN_INSTANCES"),
                                Field(&ValidationError::bound, HasSubstr("MAX_INSTANCES, which is 1")))));
  EXPECT_EQ(Operator().flag("--min-instances", "1024").settings().runtime.min_instances, 1024);
  EXPECT_EQ(Operator().variable("MAX_INSTANCES", "1").settings().runtime.min_instances, 1)
      << "the default follows";
}

TEST(Rules, SkipUnreadableValues) {
  EXPECT_THAT(Operator().variable("MAX_INSTANCES", "x").variable("MIN_INSTANCES", "2000").errors(),
              ElementsAre(Field(&ValidationError::field, "MAX_INSTANCES")));
  EXPECT_THAT(Operator().variable("HOST", "0.0.0.0").variable("AUTH_ENABLED", "maybe").errors(),
              ElementsAre(Field(&ValidationError::field, "AUTH_ENABLED")));
}

TEST(Rules, TheTwoPortsDiffer) {
  EXPECT_THAT(Operator().variable("WS_PORT", "3000").errors(),
              ElementsAre(Field(&ValidationError::field, "WS_PORT")));
  EXPECT_THAT(Operator().variable("HTTP_PORT", "3001").errors(),
              ElementsAre(Field(&ValidationError::field, "HTTP_PORT")));
  EXPECT_THAT(Operator().variable("HTTP_PORT", "5").flag("--ws-port", "5").errors(),
              ElementsAre(Field(&ValidationError::origin, "--ws-port")));
  // Zero is not a port: the kernel chooses two different ones.
  EXPECT_EQ(Operator().variable("HTTP_PORT", "0").variable("WS_PORT", "0").settings().server.ws_port, 0);
}

TEST(Rules, OpenHostRequiresExplicitAuthSetting) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1"}) {
    EXPECT_THAT(Operator().variable("HOST", host).loaded().warnings, IsEmpty()) << host;
  }
  for (const char* host : {"0.0.0.0", "::", "192.168.1.5"}) {
    EXPECT_THAT(Operator().variable("HOST", host).errors(),
                ElementsAre(Field(&ValidationError::field, "HOST")))
        << host;
    EXPECT_THAT(Operator().variable("HOST", host).variable("AUTH_ENABLED", "false").loaded().warnings,
                ElementsAre(HasSubstr("everyone who can reach it")));
    EXPECT_THAT(Operator()
                    .variable("HOST", host)
                    .variable("AUTH_ENABLED", "true")
                    .variable("JWT_SECRET", kKey)
                    .loaded()
                    .warnings,
                IsEmpty());
  }
}

TEST(Rules, AuthenticationNeedsASecret) {
  EXPECT_THAT(Operator().variable("AUTH_ENABLED", "true").errors(),
              ElementsAre(AllOf(Field(&ValidationError::field, "JWT_SECRET"),
                                Field(&ValidationError::origin, "default"),
                                Field(&ValidationError::bound, HasSubstr("JWT_SECRET_FILE")))));
  EXPECT_EQ(Operator().variable("AUTH_ENABLED", "true").variable("JWT_SECRET", kKey).settings().auth.key,
            kKey);
}

TEST(Rules, ASecretHas32BytesAtLeast) {
  const std::string shorter = kKey.substr(1);
  EXPECT_THAT(Operator().variable("AUTH_ENABLED", "true").variable("JWT_SECRET", shorter).errors(),
              ElementsAre(ValidationError{"JWT_SECRET", "***", "at least 32 bytes", "JWT_SECRET"}));
  EXPECT_THAT(Operator()
                  .variable("AUTH_ENABLED", "true")
                  .flag("--jwt-secret-file", "/key")
                  .another_file("/key", shorter + "\n")
                  .errors(),
              ElementsAre(AllOf(Field(&ValidationError::field, "JWT_SECRET_FILE"),
                                Field(&ValidationError::value, "/key"),
                                Field(&ValidationError::bound, HasSubstr("32 bytes")),
                                Field(&ValidationError::origin, "--jwt-secret-file"))));
}

TEST(Rules, ASecretFromAFileLosesOneLineEnd) {
  for (const auto& [content, key] : std::map<std::string, std::string>{{kKey, kKey},
                                                                       {kKey + "\n", kKey},
                                                                       {kKey + "\r\n", kKey},
                                                                       {kKey + "\n\n", kKey + "\n"},
                                                                       {kKey + " ", kKey + " "}}) {
    EXPECT_EQ(Operator()
                  .variable("AUTH_ENABLED", "true")
                  .variable("JWT_SECRET_FILE", "/key")
                  .another_file("/key", content)
                  .settings()
                  .auth.key,
              key);
  }
}

TEST(Rules, ASecretFileThatCannotBeReadIsAnError) {
  EXPECT_THAT(Operator().variable("AUTH_ENABLED", "true").variable("JWT_SECRET_FILE", "/gone").errors(),
              ElementsAre(ValidationError{"JWT_SECRET_FILE", "/gone", "a file that can be read: no such file",
                                          "JWT_SECRET_FILE"}));
}

TEST(Rules, TwoSecretsAreAnError) {
  for (const char* enabled : {"true", "false"}) {
    EXPECT_THAT(Operator()
                    .variable("AUTH_ENABLED", enabled)
                    .variable("JWT_SECRET", kKey)
                    .variable("JWT_SECRET_FILE", "/key")
                    .errors(),
                ElementsAre(Field(&ValidationError::field, "JWT_SECRET_FILE")));
  }
}

TEST(Rules, UnusedSecretIsAWarning) {
  const Loaded loaded = Operator().variable("JWT_SECRET", "short").loaded();
  EXPECT_THAT(loaded.warnings, ElementsAre(HasSubstr("AUTH_ENABLED is not true")));
  EXPECT_EQ(loaded.settings.auth.key, "");
}

TEST(Rules, OnlyMemoryStoreIsAccepted) {
  EXPECT_THAT(Operator().variable("STATE_STORE", "sqlite").errors(),
              ElementsAre(ValidationError{"STATE_STORE", "sqlite", "one of: memory", "STATE_STORE"}));
}

}  // namespace
}  // namespace nexus::config
