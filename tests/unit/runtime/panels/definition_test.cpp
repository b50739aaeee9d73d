#include "nexus/runtime/panels/definition.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>

namespace nexus::panels {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

Ceiling ceiling() {
  const std::array<std::string, 4> all = {"state:*", "events:*", "view:*", "ext:*"};
  return {{}, *Capabilities::parse(all)};
}

std::vector<std::string> paths_of(std::string_view json, const HandlerFiles& files = {}) {
  const auto parsed = parse_definition(json, ceiling(), files);
  std::vector<std::string> paths;
  if (!parsed) {
    for (const ValidationError& error : parsed.error().errors)
      paths.push_back(error.path);
  }
  return paths;
}

Definition definition_of(std::string_view json) {
  auto parsed = parse_definition(json, ceiling());
  if (!parsed) {
    const ValidationError& error = parsed.error().errors.front();
    ADD_FAILURE() << error.path << " " << error.message;
    return {};
  }
  return *std::move(parsed);
}

// A panel with one tool; `panel` and `tool` are inserted into the two objects.
std::string definition(std::string_view panel, std::string_view tool) {
  return fmt::format(
      R"({{"kind":"k",{}"tools":[{{"name":"t","handler":"return 1",{}"trigger":{{"type":"manual"}}}}]}})",
      panel, tool);
}

TEST(Definition, ReadsAllMembers) {
  const Definition read = definition_of(R"({
    "id":"p.1","kind":"k","title":"T \u00e9","initialState":{"a":1.50,"b":{"c":[]}},"scope":{"user": 7},
    "metadata":{"x":1e2},"tools":[
      {"name":"one","handler":"return '\n'","trigger":{"type":"interval","ms":1000},"description":"d",
       "args":{"type":"object"}},
      {"trigger":{"panel":"other","pattern":"a*","type":"event"},"name":"two","handler":"",
       "capabilities":["events:receive:other"]}]})");
  EXPECT_EQ(read.id, "p.1");
  EXPECT_EQ(read.title, "T \u00e9");
  EXPECT_EQ(*read.initial_state.find("a"), "1.50");
  EXPECT_EQ(read.scope_json, R"({"user": 7})");
  EXPECT_EQ(read.metadata_json, R"({"x":1e2})");
  ASSERT_EQ(read.tools.size(), 2);
  EXPECT_EQ(read.tools[0].handler, "return '\n'");
  EXPECT_EQ(std::get<IntervalTrigger>(read.tools[0].trigger).ms, 1000);
  EXPECT_EQ(read.tools[0].args_schema_json, R"({"type":"object"})");
  EXPECT_EQ(std::get<EventTrigger>(read.tools[1].trigger).panel, "other");
  EXPECT_EQ(read.find_tool("two"), &read.tools[1]);
  EXPECT_EQ(read.find_tool("three"), nullptr);
}

TEST(Definition, NamesEveryError) {
  EXPECT_THAT(paths_of(R"({"id":"-","title":3,"colour":1,"initialState":[],"scope":null,"tools":[
                {"name":"a b","handler":1,"trigger":{"type":"never"},"size":1}, 7, {"name":"x"}]})"),
              ElementsAre("id", "title", "colour", "initialState", "scope", "tools[0].name",
                          "tools[0].handler", "tools[0].trigger.type", "tools[0].size", "tools[1]",
                          "tools[2].handler", "tools[2].trigger", "kind"));
}

TEST(Definition, MustBeAnObjectOfValidJson) {
  for (const char* text : {"", "[]", "1", "null", "{", R"({"kind":"k")", "{}x", "{\"a\":\"\xff\"}"}) {
    EXPECT_THAT(paths_of(text), Contains("")) << text;
  }
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  EXPECT_THAT(paths_of(fmt::format(R"({{"kind":"k","tools":[],"metadata":{{"a":{}}}}})", deep)),
              ElementsAre(""));
}

TEST(Definition, NamesMissingMembers) { EXPECT_THAT(paths_of("{}"), ElementsAre("kind", "tools")); }

TEST(Definition, RejectsTwoToolsWithOneName) {
  EXPECT_THAT(paths_of(R"({"kind":"k","tools":[
                {"name":"a","handler":"","trigger":{"type":"manual"}},
                {"name":"b","handler":"","trigger":{"type":"manual"}},
                {"name":"a","handler":"","trigger":{"type":"manual"}}]})"),
              ElementsAre("tools[2].name"));
}

TEST(Definition, APanelMayLowerALimitAndAToolFurther) {
  const Definition read = definition_of(
      definition(R"("limits":{"timeoutMs":400,"maxEvents":0},)", R"("limits":{"timeoutMs":200},)"));
  EXPECT_EQ(read.tools[0].limits.timeout_ms, 200);
  EXPECT_EQ(read.tools[0].limits.max_events, 0);
  EXPECT_EQ(read.tools[0].limits.max_host_calls, 1000);
}

TEST(Definition, ALimitMayNotBeRaised) {
  EXPECT_THAT(paths_of(definition(R"("limits":{"timeoutMs":5001},)", "")), ElementsAre("limits.timeoutMs"));
  EXPECT_THAT(paths_of(definition(R"("limits":{"timeoutMs":400},)", R"("limits":{"timeoutMs":500},)")),
              ElementsAre("tools[0].limits.timeoutMs"));
}

TEST(Definition, ALimitHasAMinimumAndAKnownName) {
  EXPECT_THAT(paths_of(definition("", R"("limits":{"timeoutMs":99,"memoryLimitBytes":1048575,"maxEvents":-1,
                                                   "maxFun":1,"maxViewCommands":"1","maxHostCalls":1.5},)")),
              ElementsAre("tools[0].limits.timeoutMs", "tools[0].limits.memoryLimitBytes",
                          "tools[0].limits.maxEvents", "tools[0].limits.maxFun",
                          "tools[0].limits.maxViewCommands", "tools[0].limits.maxHostCalls"));
}

TEST(Definition, CapabilitiesComeFromToolOrPanelOrDefault) {
  const auto allows_write = [](const std::string& text) {
    return definition_of(text).tools[0].capabilities.allows(Permission::kStateWrite, "a");
  };
  EXPECT_TRUE(allows_write(definition("", "")));
  EXPECT_FALSE(allows_write(definition(R"("capabilities":["state:read:*"],)", "")));
  EXPECT_TRUE(allows_write(definition(R"("capabilities":[],)", R"("capabilities":["state:write:a"],)")));
  EXPECT_FALSE(allows_write(definition("", R"("capabilities":[],)")));
}

TEST(Definition, APanelWithoutCapabilitiesGetsAllowedDefaultsOnly) {
  const std::array<std::string, 2> some = {"state:read:a*", "ext:http"};
  const auto parsed = parse_definition(definition("", ""), {{}, *Capabilities::parse(some)});
  ASSERT_TRUE(parsed);
  const Capabilities& granted = parsed->tools[0].capabilities;
  EXPECT_TRUE(granted.allows(Permission::kStateRead, "apple"));
  EXPECT_FALSE(granted.allows(Permission::kStateRead, "pear"));
  EXPECT_FALSE(granted.allows(Permission::kStateWrite, "apple"));
  EXPECT_FALSE(granted.allows(Permission::kEmit, "e"));
  EXPECT_FALSE(granted.allows(Permission::kExtension, "http")) << "no extension by default";
}

TEST(Definition, AMalformedCapabilityIsNamedByItsPath) {
  EXPECT_THAT(paths_of(definition("", R"("capabilities":["state:read:*","fly",3],)")),
              ElementsAre("tools[0].capabilities[1]", "tools[0].capabilities[2]"));
}

TEST(Definition, ForbiddenCapabilitiesHaveTheirOwnCode) {
  const std::array<std::string, 1> only_state = {"state:*"};
  const Ceiling low = {{}, *Capabilities::parse(only_state)};
  const auto parsed = parse_definition(definition(R"("capabilities":["ext:http"],)", ""), low);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kCapabilityNotAllowed);
  EXPECT_THAT(parsed.error().errors, ElementsAre(Field(&ValidationError::message, HasSubstr("ext:http"))));
}

TEST(Definition, ATriggerHasItsOwnMembersOnly) {
  const auto with_trigger = [](std::string_view trigger) {
    return fmt::format(R"({{"kind":"k","tools":[{{"name":"t","handler":"","trigger":{}}}]}})", trigger);
  };
  for (const char* good : {R"({"type":"manual"})", R"({"ms":10,"type":"interval"})",
                           R"({"type":"cron","expression":"* * * * *"})", R"({"type":"event","pattern":"a"})",
                           R"({"type":"state_change","path":"a.b"})"}) {
    EXPECT_THAT(paths_of(with_trigger(good)), ElementsAre()) << good;
  }
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"manual","ms":10})")), ElementsAre("tools[0].trigger.ms"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"interval"})")), ElementsAre("tools[0].trigger.ms"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"interval","ms":1})")), ElementsAre("tools[0].trigger.ms"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":""})")), ElementsAre("tools[0].trigger.type"));
  EXPECT_THAT(paths_of(with_trigger("{}")), ElementsAre("tools[0].trigger.type"));
  EXPECT_THAT(paths_of(with_trigger(R"("manual")")), ElementsAre("tools[0].trigger"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"cron","expression":"* *"})")),
              ElementsAre("tools[0].trigger.expression"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"state_change","path":"a..b"})")),
              ElementsAre("tools[0].trigger.path"));
  EXPECT_THAT(paths_of(with_trigger(R"({"type":"event","pattern":"a","panel":"-"})")),
              ElementsAre("tools[0].trigger.panel"));
}

// Each takes 13 ms to find out, and a body could contain thousands.
TEST(Definition, NamesTheFirstExpressionThatIsNeverDue) {
  std::string tools;
  for (int n = 0; n < 5000; ++n) {
    tools += fmt::format(
        R"({}{{"name":"t{}","handler":"","trigger":{{"type":"cron","expression":"0 0 30 2 *"}}}})",
        n == 0 ? "" : ",", n);
  }
  EXPECT_THAT(paths_of(fmt::format(R"({{"kind":"k","tools":[{}]}})", tools)),
              ElementsAre("tools[0].trigger.expression"));
}

TEST(Definition, TheEventsOfAnotherPanelNeedTheCapability) {
  const auto with_capabilities = [](std::string_view capabilities) {
    return fmt::format(R"({{"id":"mine","kind":"k","tools":[{{"name":"t","handler":"",{}
        "trigger":{{"type":"event","pattern":"*","panel":"other"}}}}]}})",
                       capabilities);
  };
  EXPECT_THAT(paths_of(with_capabilities("")), ElementsAre("tools[0].trigger.panel"));
  EXPECT_THAT(paths_of(with_capabilities(R"("capabilities":["events:receive:others"],)")),
              ElementsAre("tools[0].trigger.panel"));
  EXPECT_THAT(paths_of(with_capabilities(R"("capabilities":["events:receive:oth*"],)")), ElementsAre());
  EXPECT_THAT(paths_of(R"({"id":"mine","kind":"k","tools":[{"name":"t","handler":"",
        "trigger":{"type":"event","pattern":"*","panel":"mine"}}]})"),
              ElementsAre())
      << "its own";
}

TEST(Definition, AStateLargerThanItsLimitIsRejected) {
  EXPECT_THAT(paths_of(definition(R"("limits":{"maxStateBytes":10},"initialState":{"a":"0123456789"},)", "")),
              ElementsAre("initialState"));
}

TEST(Definition, OnlyDefinitionsFromFilesMayNameAFile) {
  const std::string text = R"({"kind":"k","tools":[
      {"name":"t","handler":{"file":"add.js"},"trigger":{"type":"manual"}}]})";
  EXPECT_THAT(paths_of(text), ElementsAre("tools[0].handler"));
  const auto parsed = parse_definition(
      text, ceiling(), [](const std::string& name) -> Result<std::string> { return "source of " + name; });
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->tools[0].handler, "source of add.js");
  EXPECT_THAT(paths_of(text,
                       [](const std::string&) -> Result<std::string> {
                         return fail(ErrorCode::kInvalidConfiguration, "cannot read it");
                       }),
              ElementsAre("tools[0].handler.file"));
}

TEST(Definition, TextWithInvalidUnicodeIsRejected) {
  EXPECT_THAT(paths_of(R"({"kind":"\ud800","tools":[]})"), ElementsAre(""));
}

TEST(Definition, ARepeatedMemberIsRejected) {
  EXPECT_THAT(
      paths_of(R"({"kind":"k","kind":"l","tools":[{"name":"t","handler":"","handler":"",
                "limits":{"maxEvents":1,"maxEvents":2},"trigger":{"type":"manual","type":"manual"}}],"tools":[]})"),
      ElementsAre("kind", "tools[0].handler", "tools[0].limits.maxEvents", "tools[0].trigger.type", "tools"));
  const Definition passed_on = definition_of(definition(R"("initialState":{"a":1,"a":2},)", ""));
  EXPECT_EQ(passed_on.initial_state.to_json(), R"({"a":2})") << "as in JSON.parse";
}

TEST(Definition, TheIdMustMatchThePath) {
  const auto ids = [](std::string_view text, std::string_view id) {
    const auto parsed = parse_definition(text, ceiling(), {}, id);
    return parsed ? parsed->id : "not " + parsed.error().errors.front().path;
  };
  EXPECT_EQ(ids(R"({"kind":"k","tools":[]})", "p"), "p");
  EXPECT_EQ(ids(R"({"id":"p","kind":"k","tools":[]})", "p"), "p");
  EXPECT_EQ(ids(R"({"id":"q","kind":"k","tools":[]})", "p"), "not id");
  EXPECT_EQ(ids(R"({"kind":"k","tools":[]})", "a%20b"), "not id");
}

TEST(Definition, KeepsTheWrittenCapabilitiesAndLimits) {
  const Definition read = definition_of(
      definition(R"("limits":{"timeoutMs":400},)", R"("capabilities":[],"limits":{"maxEvents":3},)"));
  ASSERT_EQ(read.asked.limits.size(), 1);
  EXPECT_EQ(read.asked.limits[0].name, "timeoutMs");
  EXPECT_FALSE(read.asked.capabilities);
  ASSERT_EQ(read.tools[0].asked.limits.size(), 1);
  EXPECT_EQ(read.tools[0].asked.limits[0].value, 3);
  EXPECT_TRUE(read.tools[0].asked.capabilities->empty());
}

TEST(Definition, ListsAHundredFaultsAndCountsTheRest) {
  std::string text = R"({"kind":"k","tools":[])";
  for (int member = 0; member < 150; ++member)
    text += fmt::format(R"(,"x{}":1)", member);
  const auto parsed = parse_definition(text + "}", ceiling());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().errors.size(), 100);
  EXPECT_EQ(parsed.error().unlisted, 50);
  const auto long_name = parse_definition(fmt::format(R"({{"{}":1}})", std::string(100'000, 'x')), ceiling());
  EXPECT_LT(long_name.error().errors.front().path.size(), 300);
}

}  // namespace
}  // namespace nexus::panels
