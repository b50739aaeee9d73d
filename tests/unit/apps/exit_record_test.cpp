#include "apps/nexus/exit_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <sstream>

#include "support/sandbox.h"
#include "support/temporary_folder.h"

namespace nexus::app {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

class ExitRecordTest : public ::testing::Test {
 protected:
  ExitRecordTest() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", std::move(sink)));
  }
  ~ExitRecordTest() override { spdlog::set_default_logger(before_); }

  ExitRecord record() { return ExitRecord(folder_.path(), clock_); }
  void update(ExitRecord& record) { record.update(view_, ledger_, in_progress_); }

  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_.path()), {}));
  }

  // The explanation that the next process would log if this one were killed now: the record's file, without the lock
  // that shows that its process lives.
  std::string told_after_a_kill() {
    const testing::TemporaryFolder next;
    for (const auto& entry : fs::directory_iterator(folder_.path()))
      fs::copy_file(entry.path(), next / entry.path().filename().string());
    std::string text;
    for (const auto& notice : take_unclean_exits(next.path()))
      for (const auto& line : notice.lines)
        text += line + "\n";
    return text;
  }

  testing::TemporaryFolder folder_;
  testing::AdvancedClock clock_;
  testing::BoundedLedger ledger_;
  budget::MemoryView view_;
  InProgress in_progress_;
  std::ostringstream log_;

 private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

metrics::HandlerUse use(std::string name, std::uint64_t running, std::uint64_t held, std::uint64_t most) {
  metrics::HandlerUse use;
  use.name = std::move(name);
  use.running = running;
  use.held_bytes = held;
  use.high_water_bytes = most;
  return use;
}

TEST_F(ExitRecordTest, HasTheFiguresOfTheProcess) {
  ledger_.set_limit(64_MiB);
  auto granted = ledger_.grant(budget::Kind::kImages, 3_MiB);
  view_.resident_bytes = 40_MiB;
  view_.measured_bytes = 48_MiB;
  view_.limits.grantable_bytes = 64_MiB;
  view_.limits.machine_total_bytes = 1024_MiB;
  view_.limits.machine_available_bytes = 512_MiB;
  in_progress_ = {.running = 2, .queued = 5};
  ExitRecord one = record();
  update(one);
  EXPECT_THAT(told_after_a_kill(),
              AllOf(HasSubstr("there was memory (512 MiB free)"),
                    HasSubstr("working set 48 MiB, resident 40 MiB"), HasSubstr("images 3 MiB"),
                    HasSubstr("of 64 MiB grantable"), HasSubstr("executions: 2 running, 5 queued")));
}

TEST_F(ExitRecordTest, PrefersTheWorkingSetOfItsContainer) {
  view_.measured_bytes = 48_MiB;
  view_.limits.container_limit_bytes = 100_MiB;
  view_.limits.working_set_bytes = 60_MiB;
  view_.limits.neighbours_bytes = 10_MiB;
  view_.limits.reserve_bytes = 40_MiB;
  ExitRecord one = record();
  update(one);
  EXPECT_THAT(told_after_a_kill(),
              AllOf(HasSubstr("the container had 30 MiB free of 100 MiB"), HasSubstr("working set 60 MiB")));
}

TEST_F(ExitRecordTest, NamesHandlersWithHeldBytesOrTheirPeak) {
  ExitRecord one = record();
  one.name_handlers(std::vector{use("p/runs", 2, 30_MiB, 50_MiB), use("p/rests", 0, 0, 20_MiB)});
  update(one);
  EXPECT_THAT(told_after_a_kill(),
              HasSubstr("most memory: p/runs 30 MiB (2 running), p/rests 20 MiB (at most, none running)"));
}

TEST_F(ExitRecordTest, ReplacesTheHandlersThatItNamed) {
  ExitRecord one = record();
  one.name_handlers(std::vector{use("p/first", 1, 3_MiB, 3_MiB), use("p/second", 1, 2_MiB, 2_MiB)});
  update(one);
  one.name_handlers(std::vector{use("p/third", 1, 1_MiB, 1_MiB)});
  update(one);
  EXPECT_THAT(told_after_a_kill(),
              AllOf(HasSubstr("p/third"), Not(HasSubstr("p/first")), Not(HasSubstr("p/second"))));
}

TEST_F(ExitRecordTest, NamesOnlyAsManyHandlersAsFit) {
  std::vector<metrics::HandlerUse> many;
  for (std::size_t i = 0; i <= ExitRecord::kHandlers; ++i)
    many.push_back(use("p/t" + std::to_string(i) + ".", 1, 1_MiB, 1_MiB));
  ExitRecord one = record();
  one.name_handlers(many);
  update(one);
  const auto of = [](std::size_t i) { return "p/t" + std::to_string(i) + "."; };
  EXPECT_THAT(told_after_a_kill(),
              AllOf(HasSubstr(of(ExitRecord::kHandlers - 1)), Not(HasSubstr(of(ExitRecord::kHandlers)))));
}

TEST_F(ExitRecordTest, ACleanExitLeavesNoRecord) {
  {
    ExitRecord one = record();
    update(one);
    EXPECT_EQ(files(), 1U);
    one.remove();
    EXPECT_EQ(files(), 0U);
    update(one);  // the shutdown may call it too
    EXPECT_EQ(files(), 0U);
    ExitRecord other = record();
    EXPECT_EQ(files(), 1U);
  }
  EXPECT_EQ(files(), 0U);
}

TEST_F(ExitRecordTest, RecordsNothingWithoutAFolder) {
  ExitRecord one("", clock_);
  one.name_handlers({});
  update(one);
  one.remove();
  EXPECT_THAT(log_.str(), IsEmpty());
  EXPECT_THAT(take_unclean_exits(""), IsEmpty());
}

TEST_F(ExitRecordTest, WarnsWhenTheFolderCannotBeUsed) {
  ExitRecord one("/dev/null/none", clock_);
  update(one);
  EXPECT_THAT(log_.str(), AllOf(HasSubstr("no crash record can be kept in CACHE_DIR"), HasSubstr("warn")));
}

TEST_F(ExitRecordTest, LogsAnUncleanExitOnce) {
  const testing::TemporaryFolder next;
  {
    ExitRecord one = record();
    update(one);
    fs::copy_file(fs::directory_iterator(folder_.path())->path(), next / "last-words-1-a");
  }
  const auto notices = take_unclean_exits(next.path());
  ASSERT_THAT(notices, SizeIs(1));
  for (const auto& line : notices[0].lines)
    EXPECT_THAT(log_.str(), HasSubstr(line));
  EXPECT_THAT(take_unclean_exits(next.path()), IsEmpty());
}

TEST_F(ExitRecordTest, KeepsTheRecordOfALivingProcess) {
  ExitRecord one = record();
  update(one);
  EXPECT_THAT(take_unclean_exits(folder_.path()), IsEmpty());
  EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace nexus::app
