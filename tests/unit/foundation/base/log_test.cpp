#include "nexus/foundation/base/log.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

namespace nexus {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LogLine : public ::testing::Test {
 protected:
  LogLine() : earlier_(spdlog::default_logger()) {
    auto logger =
        std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(out_));
    logger->set_pattern("%v");
    spdlog::set_default_logger(std::move(logger));
  }
  ~LogLine() override { spdlog::set_default_logger(earlier_); }
  // The text of the one written line, as a formatter gets it.
  std::string written() const { return out_.str().substr(0, out_.str().size() - 1); }

 private:
  std::shared_ptr<spdlog::logger> earlier_;
  std::ostringstream out_;
};

TEST_F(LogLine, KeepsFieldsAndWords) {
  log_line(spdlog::level::warn, {{"panel", "p"}, {"empty", ""}, {"tool", "a=b"}}, "what {} it says");
  const std::string line = written();
  const LogParts parts = log_parts(line);
  EXPECT_THAT(parts.fields, ElementsAre(LogField("panel", "p"), LogField("tool", "a=b")));
  EXPECT_EQ(parts.words, "what {} it says");
}

TEST_F(LogLine, SeparatorsInTextCannotForgeFields) {
  log_line(spdlog::level::info, {{"tool", "t\x1f\x1e"}}, "x\x1epanel=q\x1f\n\x7f");
  const std::string line = written();
  const LogParts parts = log_parts(line);
  EXPECT_THAT(parts.fields, ElementsAre(LogField("tool", "t\\x1f\\x1e")));
  EXPECT_EQ(parts.words, "x\\x1epanel=q\\x1f\\n\\x7f");
}

TEST_F(LogLine, EscapesUnicodeControlCharacters) {
  log_line(spdlog::level::info, {},
           "a\u009b31m\u0085\u2028\u202e\u2066 \u00a0\u00e9\u2027\u20ac\U0001f600\xc2");
  EXPECT_EQ(written(), "a\\x9b31m\\x85\\u2028\\u202e\\u2066 \u00a0\u00e9\u2027\u20ac\U0001f600\xc2");
}

TEST_F(LogLine, EscapesControlsAfterInvalidUtf8) {
  log_line(spdlog::level::info, {}, "\xe2\xc2\x9b \xe2\n \xc2\x1b");
  EXPECT_EQ(written(), "\xe2\\x9b \xe2\\n \xc2\\x1b");
}

TEST_F(LogLine, TextWithoutFieldsIsAllWords) {
  log_line(spdlog::level::info, {}, "\x1fpanel=q");
  const std::string line = written();
  EXPECT_THAT(log_parts(line).fields, IsEmpty());
  EXPECT_EQ(log_parts(line).words, "\\x1fpanel=q");
}

}  // namespace
}  // namespace nexus
