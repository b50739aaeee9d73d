#include "apps/nexus/log_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>

#include <climits>

namespace nexus::app {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::milliseconds kTime{1'700'000'000'007};  // since 1970

std::string format(spdlog::formatter& formatter, std::string_view text,
                   spdlog::level::level_enum level = spdlog::level::warn) {
  const spdlog::details::log_msg message(spdlog::log_clock::time_point(kTime), {}, "", level,
                                         {text.data(), text.size()});
  spdlog::memory_buf_t line;
  formatter.format(message, line);
  return {line.data(), line.size()};
}

TEST(LogFormatTest, JsonIsOneObjectPerLine) {
  EXPECT_EQ(format(*json_log_format(), "say \"hi\"\n"),
            "{\"time\":\"2023-11-14T22:13:20.007Z\",\"level\":\"warn\",\"message\":\"say \\\"hi\\\"\\n\"}\n");
}

TEST(LogFormatTest, JsonCutsTheMessageOfALongLine) {
  for (const char* letter : {"a", "\"", "\x01", "ä"}) {
    std::string text;
    while (text.size() < 3 * PIPE_BUF)
      text += letter;
    const std::string line = format(*json_log_format(), text);
    EXPECT_LE(line.size(), PIPE_BUF) << letter;
    EXPECT_GT(line.size(), PIPE_BUF - 200) << letter;
    EXPECT_THAT(line, EndsWith("\"}\n")) << letter;
  }
}

TEST(LogFormatTest, JsonReplacesInvalidUtf8) {
  EXPECT_THAT(format(*json_log_format(),
                     "a\xFF"
                     "b"),
              HasSubstr("\"a\uFFFDb\""));
}

TEST(LogFormatTest, TextHasTimeLevelFieldsAndMessage) {
  EXPECT_EQ(format(*text_log_format(false), "words"), "2023-11-14T22:13:20.007Z warn words\n");
}

TEST(LogFormatTest, OnlyWarningsAndErrorsHaveColours) {
  const auto coloured = text_log_format(true);
  EXPECT_THAT(format(*coloured, "words", spdlog::level::err), HasSubstr(" \x1b[31merror\x1b[0m words"));
  EXPECT_THAT(format(*coloured, "words", spdlog::level::warn), HasSubstr(" \x1b[33mwarn\x1b[0m words"));
  EXPECT_THAT(format(*coloured, "words", spdlog::level::info), EndsWith(" info words\n"));
  EXPECT_THAT(format(*coloured->clone(), "words", spdlog::level::err), HasSubstr("\x1b[31m"));
}

}  // namespace
}  // namespace nexus::app
