#include "nexus/runtime/subscribers/topics.h"

#include <gtest/gtest.h>

namespace nexus::subscribers {
namespace {

TEST(TopicsTest, NoTopicMeansAllTopics) {
  Topics topics;
  EXPECT_TRUE(topics.are_all() && topics.wants_whole_state() && topics.wants_key("a") &&
              topics.wants_event("b"));
  EXPECT_TRUE(topics.add("events"));
  EXPECT_FALSE(topics.are_all() || topics.wants_whole_state() || topics.wants_key("a"));
  EXPECT_TRUE(topics.wants_event("b"));
  topics.remove("state");
  topics.remove("events");
  EXPECT_TRUE(topics.are_all());
}

TEST(TopicsTest, AKeyMayHaveAnyName) {
  Topics topics;
  for (const char* topic : {"state:a", "state:", "state:x:y", "events:state"})
    EXPECT_TRUE(topics.add(topic));
  for (const char* key : {"a", "", "x:y"})
    EXPECT_TRUE(topics.wants_key(key)) << key;
  for (const char* key : {"b", "aa", "x", ":a", "state"})
    EXPECT_FALSE(topics.wants_key(key)) << key;
  EXPECT_TRUE(topics.wants_event("state"));
  EXPECT_FALSE(topics.wants_event("a") || topics.wants_whole_state());
}

TEST(TopicsTest, InvalidTopicsAreRejected) {
  for (const char* topic : {"state", "events", "state:", "events:a:b"})
    EXPECT_FALSE(Topics::error_of(topic)) << topic;
  for (const char* topic : {"", ":", "stat", "states", "states:a", "State", "event:a"})
    EXPECT_TRUE(Topics::error_of(topic)) << topic;
  EXPECT_FALSE(Topics::error_of("state:" + std::string(Topics::kMostBytes - 6, 'x')));
  EXPECT_TRUE(Topics::error_of("state:" + std::string(Topics::kMostBytes - 5, 'x')));
}

TEST(TopicsTest, TheNumberIsLimited) {
  Topics topics;
  for (std::size_t n = 0; n < Topics::kMost; ++n)
    EXPECT_TRUE(topics.add("state:" + std::to_string(n)));
  EXPECT_TRUE(topics.add("state:0"));
  EXPECT_FALSE(topics.add("state"));
  topics.remove("state:1");
  EXPECT_TRUE(topics.add("state"));
}

}  // namespace
}  // namespace nexus::subscribers
