// A fixture that calls $ext.http as a handler does.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/json/json.h"
#include "nexus/runtime/extensions/http.h"
#include "unit/runtime/extensions/http_server.h"
#include "unit/runtime/extensions/settlements.h"

namespace nexus::extensions {

using ::testing::HasSubstr;
using ::testing::Not;

inline constexpr std::uint64_t kMostBody = 100'000;

class HttpTest : public ::testing::Test {
 protected:
  HttpTest() { config_.allow_private = true; }
  // Checks that all grants are returned once no request is in progress.
  ~HttpTest() override {
    http_.reset();
    EXPECT_EQ(ledger_.granted(budget::Kind::kBuffers), 0u);
  }

  CallId begin(std::string_view method, const std::string& args, std::string_view panel = "p") {
    if (!http_) http_ = *create_http(config_, kMostBody, ledger_);
    const CallId id{next_id_++};
    started_ = http_->start({id, method, args, panel}, settlements_);
    return id;
  }
  Settlement call(std::string_view method, const std::string& args) {
    const Settlement settlement = settlements_.of(begin(method, args));
    EXPECT_EQ(check_json(settlement.json), JsonError::kNone) << settlement.json;
    return settlement;
  }
  Settlement get(const std::string& url) { return call("get", "[\"" + url + "\"]"); }
  Settlement get_within(const std::string& url, int ms) {
    return call("get", "[\"" + url + "\",{\"timeoutMs\":" + std::to_string(ms) + "}]");
  }

  config::HttpExtensionConfig config_;
  budget::UnlimitedLedger ledger_;
  FakeSettlements settlements_;
  std::unique_ptr<Extension> http_;
  Started started_;
  std::uint64_t next_id_ = 1;
};

inline void expect_value(const Settlement& settlement, const std::string& part) {
  EXPECT_EQ(settlement.kind, Settlement::Kind::kValue) << settlement.json;
  EXPECT_THAT(settlement.json, HasSubstr(part));
}

}  // namespace nexus::extensions
