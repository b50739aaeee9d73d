#include "nexus/foundation/config/toml_file.h"

#include <gmock/gmock.h>

#include "nexus/foundation/config/table.h"
#include "operator.h"

namespace nexus::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<ValidationError> errors_of(std::string text) { return Operator().file(std::move(text)).errors(); }

std::string bound_of_only_error(std::string text) {
  const auto errors = errors_of(std::move(text));
  EXPECT_EQ(errors.size(), 1);
  return errors.empty() ? "" : errors[0].bound;
}

TEST(TomlFile, HasATableForEachGroup) {
  const Settings settings = Operator()
                                .file(R"(
                                  [server]
                                  host = "127.0.0.2"
                                  cors_origins = ["https://a.example", "http://localhost:5173"]
                                  trust_proxy = true
                                  [runtime]
                                  memory_limit_mb = 16
                                  capabilities = "state:*, events:*"
                                  [extensions.http]
                                  allowed_domains = []
                                  allow_private = true
                                  [logging]
                                  level = "debug"
                                  [auth]
                                  enabled = false
                                  [store]
                                  data_dir = "/var/lib/nexus"
                                )")
                                .settings();
  EXPECT_EQ(settings.server.host, "127.0.0.2");
  EXPECT_THAT(settings.server.cors_origins, ElementsAre("https://a.example", "http://localhost:5173"));
  EXPECT_TRUE(settings.server.trust_proxy);
  EXPECT_EQ(settings.runtime.memory_limit_bytes, 16_MiB);
  EXPECT_THAT(settings.runtime.capabilities, ElementsAre("state:*", "events:*"));
  EXPECT_TRUE(settings.http.allow_private);
  EXPECT_EQ(settings.logging.level, "debug");
  EXPECT_EQ(settings.auth.enabled, Authentication::kOff);
  EXPECT_EQ(settings.store.data_dir, "/var/lib/nexus");
}

TEST(TomlFile, TakesKeysInCamelCase) {
  const Settings settings =
      Operator().file("[server]\nhttpPort = 1\n[runtime]\nmaxInstances = 9\nmax-queue = 3\n").settings();
  EXPECT_EQ(settings.server.http_port, 1);
  EXPECT_EQ(settings.runtime.max_instances, 9);
  EXPECT_EQ(settings.runtime.max_queue, 3);
}

TEST(TomlFile, TakesBytesWhereTheVariableCountsMiB) {
  EXPECT_EQ(Operator().file("[runtime]\nmemoryLimitBytes = 1048577\n").settings().runtime.memory_limit_bytes,
            1_MiB + 1);
  EXPECT_EQ(bound_of_only_error("[runtime]\nmemory_limit_bytes = 1048575\n"),
            "a whole number from 1048576 to 4294967296 bytes");
}

TEST(TomlFile, DuplicateKeyIsAnError) {
  EXPECT_THAT(errors_of("[runtime]\nmax_queue = 3\nmaxQueue = 4\n"),
              ElementsAre(Field(&ValidationError::bound, "in the file once")));
  EXPECT_THAT(errors_of("[runtime]\nmemory_limit_mb = 3\nmemory_limit_bytes = 4000000\n"),
              ElementsAre(Field(&ValidationError::bound, "in the file once")));
}

TEST(TomlFile, AnUnknownKeyHasTheNearestName) {
  EXPECT_THAT(errors_of("[runtime]\ntimout_ms = 5\n"),
              ElementsAre(ValidationError{"runtime.timout_ms", "5",
                                          "a known key: did you mean runtime.timeout_ms?", "nexus.toml:2"}));
  // In the wrong group, without a group, and by the variable's name.
  EXPECT_THAT(bound_of_only_error("[server]\ntimeout_ms = 5\n"), HasSubstr("runtime.timeout_ms?"));
  EXPECT_THAT(bound_of_only_error("http_port = 5\n"), HasSubstr("server.http_port?"));
  EXPECT_THAT(bound_of_only_error("[logging]\nLOG_LEVEL = \"info\"\n"), HasSubstr("logging.level?"));
  EXPECT_THAT(bound_of_only_error("[extensions]\nallow_private = true\n"),
              HasSubstr("extensions.http.allow_private?"));
}

TEST(TomlFile, AnUnknownTableHasTheNearestName) {
  EXPECT_THAT(errors_of("[sever]\nhttp_port = 5\nhost = \"::1\"\n"),
              ElementsAre(AllOf(Field(&ValidationError::field, "sever"),
                                Field(&ValidationError::bound, HasSubstr("[server]?")))));
  EXPECT_THAT(bound_of_only_error("[extensions.htpp]\nproxy = \"\"\n"), HasSubstr("[extensions.http]?"));
  EXPECT_THAT(bound_of_only_error("[server.http_port]\na = 1\n"), HasSubstr("a whole number"));
}

TEST(TomlFile, AGroupMustBeATable) {
  for (const char* text : {"server = 3\n", "[[server]]\nhttp_port = 1\n", "extensions = \"x\"\n"}) {
    EXPECT_THAT(bound_of_only_error(text), HasSubstr("a table, [")) << text;
  }
}

TEST(TomlFile, ErrorsAreInTheOrderOfTheLines) {
  EXPECT_THAT(errors_of("[server]\nzzz = 1\naaa = 2\n[auth]\nbbb = 3\n"),
              ElementsAre(Field(&ValidationError::origin, "nexus.toml:2"),
                          Field(&ValidationError::origin, "nexus.toml:3"),
                          Field(&ValidationError::origin, "nexus.toml:5")));
}

TEST(TomlFile, AValueOfTheWrongTypeIsAnError) {
  for (const char* text :
       {"[server]\nhttp_port = \"3000\"\n", "[server]\nhttp_port = 3000.0\n", "[server]\nhttp_port = true\n",
        "[server]\nhttp_port = [3000]\n", "[server]\nhttp_port = 2026-01-01\n", "[server]\nhttp_port = {}\n",
        "[server]\nhost = 127\n", "[server]\nhost = [\"127.0.0.1\"]\n", "[server]\ntrust_proxy = \"true\"\n",
        "[server]\ntrust_proxy = 1\n", "[server]\nbody_limit = true\n", "[server]\nallowed_hosts = 5\n",
        "[server]\nallowed_hosts = [5]\n", "[logging]\nlevel = 1\n", "[auth]\nenabled = \"false\"\n",
        "[auth]\nenabled = 0\n"}) {
    const auto errors = errors_of(text);
    ASSERT_EQ(errors.size(), 1) << text;
    EXPECT_THAT(errors[0].bound, HasSubstr(", not ")) << text;
    EXPECT_THAT(errors[0].origin, testing::StartsWith("nexus.toml:2 ")) << text;
  }
}

TEST(TomlFile, ASizeIsAStringOrBytes) {
  EXPECT_EQ(Operator().file("[server]\nbody_limit = \"2mb\"\n").settings().server.body_limit_bytes, 2_MiB);
  EXPECT_EQ(Operator().file("[server]\nbody_limit = 4096\n").settings().server.body_limit_bytes, 4096);
}

TEST(TomlFile, AMistakeInTheSyntaxHasItsLine) {
  EXPECT_THAT(errors_of("[server]\n\nhttp_port = = 3\n"),
              ElementsAre(AllOf(
                  Field(&ValidationError::field, "--config"), Field(&ValidationError::value, "nexus.toml"),
                  Field(&ValidationError::bound, HasSubstr("valid TOML")),
                  Field(&ValidationError::origin, testing::StartsWith("nexus.toml:3, column ")))));
}

TEST(TomlFile, AMistakeInTheSyntaxIsReportedBesideTheErrorsOfOtherSources) {
  EXPECT_EQ(Operator().file("x").variable("HTTP_PORT", "x").errors().size(), 2);
}

TEST(TomlFile, SurvivesInvalidToml) {
  for (const std::string& text :
       {std::string(10'000, '['), std::string("a = ") + std::string(10'000, '['),
        std::string("\0\xff\xfe", 3), std::string(1'000'000, 'a') + " = 1", std::string("\"\\u0000\" = 1")}) {
    EXPECT_THAT(errors_of(text), Not(IsEmpty()));
  }
}

TEST(TomlFile, MayBeEmpty) {
  EXPECT_EQ(Operator().file("").settings(), Settings{});
  EXPECT_EQ(Operator().file("[server]\n[extensions]\n").settings(), Settings{});
}

TEST(TomlFile, TakesEveryKeyOfTheTable) {
  for (const Row& row : rows()) {
    const FileContent content =
        read_toml("f", "[" + std::string(row.group) + "]\n" + std::string(row.key) + " = \"\"\n");
    EXPECT_THAT(content.errors, IsEmpty()) << row.name;
    EXPECT_TRUE(content.given.contains(row.name)) << row.name;
  }
}

}  // namespace
}  // namespace nexus::config
