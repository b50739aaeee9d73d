// Which subscriber receives which message, without sockets.
#include "nexus/runtime/subscribers/subscribers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nexus/foundation/base/clock.h"
#include "nexus/runtime/panels/registry.h"

namespace nexus::subscribers {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Ear final : Subscriber {
  explicit Ear(std::initializer_list<const char*> wanted = {}) {
    for (const char* topic : wanted)
      wants.add(topic);
  }
  const Topics& topics() const override { return wants; }
  void send(const SharedTextPtr& message) override {
    messages.push_back(message);
    heard.push_back(message->text);
  }
  void on_panel_removed() override { heard.emplace_back("removed"); }

  Topics wants;
  std::vector<SharedTextPtr> messages;
  std::vector<std::string> heard;
};

class SubscribersTest : public ::testing::Test {
 protected:
  std::shared_ptr<panels::Panel> panel(const char* id) {
    panels::Definition definition;
    definition.id = id;
    definition.kind = "k";
    return *registry_.create(std::move(definition));
  }
  void commit(panels::Panel& panel, const Journal& journal) {
    subscribers_.committed(panel, journal);
    Journal taken = journal;
    panel.commit(taken, 0);
  }

  SystemClock clock_;
  budget::UnlimitedLedger ledger_;
  metrics::Probes probes_;
  panels::MemoryRegistry registry_{clock_, ledger_, 10};
  Subscribers subscribers_{ledger_, probes_};
};

constexpr const char* kPatch =
    R"({"type":"PATCH","mutations":[{"op":"set","key":"a","value":1}],"version":2})";

TEST_F(SubscribersTest, ASubscriberIsNotifiedFromJoinToLeave) {
  const auto one = panel("one"), other = panel("other");
  Ear ear;
  subscribers_.join(*one, ear);
  EXPECT_EQ(one->clients(), 1);
  EXPECT_EQ(probes_.ws_clients, 1);
  commit(*other, {{{"a", "1"}}, {}, {}});
  EXPECT_THAT(ear.heard, IsEmpty());
  commit(*one, {{{"a", "1"}}, {{"e", "{}", 5}}, {}});
  EXPECT_THAT(ear.heard,
              ElementsAre(kPatch, R"({"type":"EVENT","event":{"name":"e","payload":{},"timestamp":5}})"));
  subscribers_.leave(*one, ear);
  subscribers_.leave(*one, ear);
  commit(*one, {{{"a", "1"}}, {}, {}});
  EXPECT_EQ(ear.heard.size(), 2);
  EXPECT_EQ(one->clients(), 0);
  EXPECT_EQ(probes_.ws_clients, 0);
}

TEST_F(SubscribersTest, OneMessageIsSharedByAllSubscribers) {
  const auto one = panel("one");
  Ear first, second, third{"state"}, key{"state:a"}, events{"events"};
  for (Ear* ear : {&first, &second, &third, &key, &events})
    subscribers_.join(*one, *ear);
  commit(*one, {{{"a", "1"}, {"b", std::nullopt}}, {}, {}});
  EXPECT_EQ(first.messages, second.messages);
  EXPECT_EQ(first.messages, third.messages);
  EXPECT_THAT(key.heard, ElementsAre(kPatch));
  EXPECT_THAT(events.heard, IsEmpty());
  EXPECT_GT(ledger_.granted(budget::Kind::kBuffers), 0);
  for (Ear* ear : {&first, &second, &third, &key})
    ear->messages.clear();
  EXPECT_EQ(ledger_.granted(budget::Kind::kBuffers), 0);
}

TEST_F(SubscribersTest, AnEmptyCommitSendsNoMessage) {
  const auto one = panel("one");
  Ear ear;
  subscribers_.join(*one, ear);
  commit(*one, {});
  EXPECT_THAT(ear.heard, IsEmpty());
  subscribers_.replaced(*one);
  subscribers_.removed(*one);
  EXPECT_THAT(ear.heard, ElementsAre(R"({"type":"PATCH","mutations":[],"version":1})", "removed"));
}

TEST_F(SubscribersTest, ProgressGoesToSubscribersOfAllTopics) {
  const auto one = panel("one");
  Ear all, state{"state"};
  subscribers_.join(*one, all);
  subscribers_.join(*one, state);
  subscribers_.progressed(*one, {"e", "s", "suspended", "[1]"});
  EXPECT_THAT(
      all.heard,
      ElementsAre(
          R"({"type":"PROGRESS","executionId":"e","suspensionId":"s","status":"suspended","data":[1]})"));
  EXPECT_THAT(state.heard, IsEmpty());
}

}  // namespace
}  // namespace nexus::subscribers
