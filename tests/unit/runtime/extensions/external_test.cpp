#include "nexus/runtime/extensions/external.h"

#include <gtest/gtest.h>

#include <string>

#include "nexus/runtime/extensions/arguments.h"
#include "unit/runtime/extensions/settlements.h"

namespace nexus::extensions {
namespace {

class ExternalTest : public ::testing::Test {
 protected:
  Started wait(const std::string& args) {
    id_ = CallId{static_cast<std::uint64_t>(id_) + 1};
    return external_.start({id_, "wait", args, "p"}, settlements_);
  }
  bool is_waiting() { return !settlements_.has(id_); }

  External external_;
  FakeSettlements settlements_;
  CallId id_{};
};

TEST_F(ExternalTest, ShowsItsDataInTheSuspension) {
  EXPECT_EQ(wait(R"([{"ask": ["Ada", 1.50]}])").data_json, R"({"ask": ["Ada", 1.50]})");
  EXPECT_TRUE(is_waiting());
  EXPECT_EQ(wait("[]").data_json, "");
  EXPECT_EQ(wait("[null]").data_json, "null");
  EXPECT_EQ(wait("[\"text\",null]").data_json, "\"text\"");
  EXPECT_EQ(wait("[7]").ttl_ms, std::nullopt);
  EXPECT_TRUE(is_waiting());
}

TEST_F(ExternalTest, UsesItsTtl) {
  EXPECT_EQ(wait(R"([1,{"ttlMs":100}])").ttl_ms, 100u);
  EXPECT_EQ(wait(R"([1,{"ttlMs":2592000000}])").ttl_ms, kThirtyDaysMs);
  EXPECT_TRUE(is_waiting());
}

TEST_F(ExternalTest, RejectsWrongOptions) {
  for (const char* args : {R"([1,{"ttl":100}])", R"([1,{"ttlMs":"100"}])", "[1,2]", "[1,{},3]"}) {
    EXPECT_EQ(wait(args).data_json, "");
    EXPECT_TRUE(is_error(settlements_.of(id_), "TypeError")) << args;
  }
  for (const char* args : {R"([1,{"ttlMs":99}])", R"([1,{"ttlMs":2592000001}])", R"([1,{"ttlMs":-1}])"}) {
    wait(args);
    EXPECT_TRUE(is_error(settlements_.of(id_), "RangeError")) << args;
  }
}

TEST_F(ExternalTest, LimitsItsData) {
  const auto text = [](std::size_t bytes) { return '"' + std::string(bytes - 2, 'x') + '"'; };
  EXPECT_EQ(wait('[' + text(External::kMostDataBytes) + ']').data_json.size(), External::kMostDataBytes);
  EXPECT_TRUE(is_waiting());
  wait('[' + text(External::kMostDataBytes + 1) + ']');
  EXPECT_TRUE(is_error(settlements_.of(id_), "RangeError"));
}

}  // namespace
}  // namespace nexus::extensions
