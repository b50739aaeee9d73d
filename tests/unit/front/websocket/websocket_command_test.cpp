#include "nexus/front/websocket/websocket_command.h"

#include <gtest/gtest.h>

namespace nexus::websocket {
namespace {

TEST(WebSocketCommandTest, ATriggerKeepsItsArgumentsAsText) {
  const auto command =
      read_command(R"( {"args": {"a" : [1]} ,"tool":"t\u0061","requestId":"\u00fc","type":"TRIGGER"})");
  ASSERT_TRUE(command);
  const auto& trigger = std::get<TriggerCommand>(command->what);
  EXPECT_EQ(trigger.tool, "ta");
  EXPECT_EQ(trigger.args_json, R"({"a" : [1]})");
  EXPECT_EQ(command->request_id_json, R"("\u00fc")");
}

TEST(WebSocketCommandTest, TopicsAreStrings) {
  const auto command = read_command(R"({"type":"SUBSCRIBE","topics":["state:a\"b","events"]})");
  ASSERT_TRUE(command);
  EXPECT_EQ(std::get<SubscribeCommand>(command->what).topics,
            (std::vector<std::string>{"state:a\"b", "events"}));
  EXPECT_TRUE(read_command(R"({"type":"UNSUBSCRIBE","topics":[]})"));
}

// A client must be able to tell which of its messages was rejected.
TEST(WebSocketCommandTest, ARejectionHasTheIdOfTheRequest) {
  const auto refused = read_command(R"({"requestId":5,"type":"TRIGGER","tool":null})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().request_id_json, "5");
  EXPECT_EQ(refused.error().refusal.error.code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().refusal.details_json, R"([{"path":"tool","message":"must be a text"}])");
}

TEST(WebSocketCommandTest, AnIdIsAStringOrANumber) {
  for (const char* id : {"null", "true", "{}", "[1]"})
    EXPECT_FALSE(read_command(std::string(R"({"type":"PING","requestId":)") + id + "}")) << id;
  for (const char* id : {"\"\"", "-1", "1e5"})
    EXPECT_TRUE(read_command(std::string(R"({"type":"PING","requestId":)") + id + "}")) << id;
}

}  // namespace
}  // namespace nexus::websocket
