#include "nexus/foundation/model/result.h"

#include <gtest/gtest.h>

#include "nexus/foundation/json/json.h"

namespace nexus {
namespace {

std::string written(const ExecutionResult& result, WithLogs with_logs = WithLogs::kNo) {
  std::string out;
  append_result_json(out, result, with_logs);
  EXPECT_EQ(check_json(out), JsonError::kNone) << out;
  return out;
}

constexpr std::string_view kNoMetrics =
    R"("metrics":{"executionTimeUs":0,"memoryUsedBytes":0,"memoryPeakBytes":0,"hostCalls":0,"cacheHit":false})";

TEST(ResultJson, RendersEmptySuccess) {
  ExecutionResult result;
  result.execution_id = "e1";
  EXPECT_EQ(written(result),
            R"({"executionId":"e1","status":"success","stateMutations":[],"events":[],"viewCommands":[],)" +
                std::string(kNoMetrics) + "}");
}

TEST(ResultJson, RendersFullSuccess) {
  ExecutionResult result;
  result.execution_id = "e2";
  result.return_json = R"({"n":1})";
  result.journal.mutations = {{"a\"", "[1]"}, {"b", std::nullopt}};
  result.journal.events = {{"saved", R"({"id":1})", 1700000000000}, {"ping", "", -1}};
  result.journal.view_commands = {{"list", "focus", "{}"}, {"v", "c", ""}};
  result.metrics = {.execution_time_us = 12,
                    .memory_used_bytes = 1048576,
                    .memory_peak_bytes = 18446744073709551615u,
                    .host_calls = {.state_get = 1, .state_set = 2, .extension = 4},
                    .cache_hit = true};
  EXPECT_EQ(
      written(result),
      R"({"executionId":"e2","status":"success","returnValue":{"n":1},)"
      R"("stateMutations":[{"op":"set","key":"a\"","value":[1]},{"op":"delete","key":"b"}],)"
      R"("events":[{"name":"saved","payload":{"id":1},"timestamp":1700000000000},{"name":"ping","payload":null,"timestamp":-1}],)"
      R"("viewCommands":[{"viewId":"list","command":"focus","params":{}},{"viewId":"v","command":"c","params":null}],)"
      R"("metrics":{"executionTimeUs":12,"memoryUsedBytes":1048576,"memoryPeakBytes":18446744073709551615,"hostCalls":7,"cacheHit":true}})");
}

TEST(ResultJson, RendersError) {
  ExecutionResult result;
  result.execution_id = "e3";
  result.error = Error{
      .code = ErrorCode::kMemoryLimit,
      .message = "out of\nmemory",
      .stack = "at f (1:2) x",
      .location = SourceLocation{.line = 3, .column = 14, .snippet = "let x = \"y\""},
      .limit = LimitReached{.layer = "handler", .setting = "memoryLimitBytes", .limit = 32, .wanted = 33}};
  EXPECT_EQ(written(result),
            R"({"executionId":"e3","status":"error","stateMutations":[],"events":[],"viewCommands":[],)"
            R"("error":{"code":"MEMORY_LIMIT","message":"out of\nmemory","stack":"at f (1:2) x",)"
            R"("location":{"line":3,"column":14,"sourceSnippet":"let x = \"y\""},)"
            R"("details":{"layer":"handler","setting":"memoryLimitBytes","limit":32,"wanted":33}},)" +
                std::string(kNoMetrics) + "}");
}

TEST(ResultJson, OmitsMissingErrorParts) {
  ExecutionResult result;
  result.error = Error{.code = ErrorCode::kExecutionError, .message = "x"};
  EXPECT_NE(written(result).find(R"("error":{"code":"EXECUTION_ERROR","message":"x"},)"), std::string::npos);
}

TEST(ResultJson, CutsMessageAndStackAtCharacters) {
  ExecutionResult result;
  std::string message(4095, 'm');
  message += "\xe2\x82\xac";
  result.error =
      Error{.code = ErrorCode::kExecutionError, .message = message, .stack = std::string(20'000, 's')};
  const std::string out = written(result);
  EXPECT_NE(out.find("\"" + std::string(4095, 'm') + "\""), std::string::npos);
  EXPECT_NE(out.find("\"" + std::string(16'384, 's') + "\""), std::string::npos);
}

TEST(ResultJson, IncludesLogsOnRequest) {
  ExecutionResult result;
  result.logs = {
      {LogLevel::kDebug, "a"}, {LogLevel::kInfo, "b"}, {LogLevel::kWarn, "c"}, {LogLevel::kError, "d\""}};
  EXPECT_EQ(written(result).find("logs"), std::string::npos);
  EXPECT_TRUE(written(result, WithLogs::kYes)
                  .ends_with(R"(,"logs":[{"level":"debug","text":"a"},{"level":"info","text":"b"},)"
                             R"({"level":"warn","text":"c"},{"level":"error","text":"d\""}]})"));
  result.log_lines_dropped = 5;
  EXPECT_TRUE(written(result, WithLogs::kYes).ends_with(R"("}],"logLinesDropped":5})"));
  EXPECT_EQ(written(result).find("logLinesDropped"), std::string::npos);
  result.logs.clear();
  result.log_lines_dropped = 0;
  EXPECT_TRUE(written(result, WithLogs::kYes).ends_with(R"(,"logs":[]})"));
}

TEST(ResultJson, IsAppended) {
  std::string out = "before ";
  append_result_json(out, ExecutionResult{}, WithLogs::kNo);
  EXPECT_TRUE(out.starts_with("before {\"executionId\":\"\""));
}

}  // namespace
}  // namespace nexus
