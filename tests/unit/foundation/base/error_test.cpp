#include "nexus/foundation/base/error.h"

#include <gtest/gtest.h>

#include <set>

namespace nexus {
namespace {

TEST(ErrorCode, EveryCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (std::size_t code = 0; code < kErrorCodeCount; ++code) {
    const std::string_view text = name(static_cast<ErrorCode>(code));
    EXPECT_FALSE(text.empty()) << code;
    EXPECT_TRUE(names.insert(text).second) << text << " twice";
    for (const char c : text)
      EXPECT_TRUE((c >= 'A' && c <= 'Z') || c == '_') << text;
  }
}

// Nothing else detects a name in the wrong place.
TEST(ErrorCode, NamesAreInTheOrderOfTheCodes) {
  EXPECT_EQ(name(ErrorCode::kTimeout), "TIMEOUT");
  EXPECT_EQ(name(ErrorCode::kMemoryLimit), "MEMORY_LIMIT");
  EXPECT_EQ(name(ErrorCode::kPermissionDenied), "PERMISSION_DENIED");
  EXPECT_EQ(name(ErrorCode::kExecutionError), "EXECUTION_ERROR");
  EXPECT_EQ(name(ErrorCode::kCompilationError), "COMPILATION_ERROR");
  EXPECT_EQ(name(ErrorCode::kInvalidHandler), "INVALID_HANDLER");
  EXPECT_EQ(name(ErrorCode::kResourceLimit), "RESOURCE_LIMIT");
  EXPECT_EQ(name(ErrorCode::kCancelled), "CANCELLED");
  EXPECT_EQ(name(ErrorCode::kInternalError), "INTERNAL_ERROR");
  EXPECT_EQ(name(ErrorCode::kInvalidRequest), "INVALID_REQUEST");
  EXPECT_EQ(name(ErrorCode::kPanelNotFound), "PANEL_NOT_FOUND");
  EXPECT_EQ(name(ErrorCode::kPanelExists), "PANEL_EXISTS");
  EXPECT_EQ(name(ErrorCode::kPreconditionFailed), "PRECONDITION_FAILED");
  EXPECT_EQ(name(ErrorCode::kToolNotFound), "TOOL_NOT_FOUND");
  EXPECT_EQ(name(ErrorCode::kPanelBusy), "PANEL_BUSY");
  EXPECT_EQ(name(ErrorCode::kOverloaded), "OVERLOADED");
  EXPECT_EQ(name(ErrorCode::kCapabilityNotAllowed), "CAPABILITY_NOT_ALLOWED");
  EXPECT_EQ(name(ErrorCode::kNotFound), "NOT_FOUND");
  EXPECT_EQ(name(ErrorCode::kMethodNotAllowed), "METHOD_NOT_ALLOWED");
  EXPECT_EQ(name(ErrorCode::kPayloadTooLarge), "PAYLOAD_TOO_LARGE");
  EXPECT_EQ(name(ErrorCode::kMisdirected), "MISDIRECTED");
  EXPECT_EQ(name(ErrorCode::kOriginNotAllowed), "ORIGIN_NOT_ALLOWED");
  EXPECT_EQ(name(ErrorCode::kShuttingDown), "SHUTTING_DOWN");
  EXPECT_EQ(name(ErrorCode::kInvalidConfiguration), "INVALID_CONFIGURATION");
}

Result<int> half(int n) {
  if (n % 2 != 0) return fail(ErrorCode::kInvalidRequest, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  NEXUS_TRY(const int halved, half(n));
  NEXUS_TRY(const int twice, half(halved));
  return twice;
}

TEST(Try, ContinuesOrReturnsError) {
  EXPECT_EQ(quarter(12), 3);
  ASSERT_FALSE(quarter(6));
  EXPECT_EQ(quarter(6).error(), (Error{.code = ErrorCode::kInvalidRequest, .message = "odd"}));
}

}  // namespace
}  // namespace nexus
