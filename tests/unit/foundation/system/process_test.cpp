#include "nexus/foundation/system/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <ctime>
#include <string>
#include <vector>

namespace nexus::system {
namespace {

constexpr char kStat[] =
    "4711 (nexus) S 1 4711 4711 0 -1 4194560 2218 0 1 0 731 209 0 0 20 0 5 0 88123 1234567168 4321 "
    "18446744073709551615 1 1 0 0 0 0 0 4096 83010 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

TEST(ParseProcStat, FindsItsFields) {
  const auto stat = parse_proc_stat(kStat);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->threads, 5u);
  EXPECT_EQ(stat->started_ticks, 88123u);
  EXPECT_EQ(stat->virtual_bytes, 1234567168u);
  EXPECT_EQ(stat->resident_pages, 4321u);
}

TEST(ParseProcStat, ProgramNameMayContainParentheses) {
  std::string text = kStat;
  text.replace(text.find("nexus"), 5, "a) R 1 (b c) S");
  EXPECT_EQ(parse_proc_stat(text), parse_proc_stat(kStat));
}

TEST(ParseProcStat, RejectsOtherText) {
  EXPECT_FALSE(parse_proc_stat(""));
  EXPECT_FALSE(parse_proc_stat("4711 (nexus"));
  EXPECT_FALSE(parse_proc_stat("4711 (nexus) S 1 2 3"));
  std::string text = kStat;
  text.replace(text.find("88123"), 5, "later");
  EXPECT_FALSE(parse_proc_stat(text));
}

TEST(CountFds, OneByOneAgreesWithKernel) {
  const auto count = count_fds_one_by_one();
  ASSERT_TRUE(count);
  std::vector<int> files;
  for (int i = 0; i < 100; ++i)
    files.push_back(open("/dev/null", O_RDONLY));
  EXPECT_EQ(count_fds_one_by_one(), *count + 100);
  EXPECT_EQ(look_at_process().open_fds, *count + 100);
  for (const int file : files)
    close(file);
}

TEST(LookAtProcess, SeesThisProcess) {
  const Process before = look_at_process();
  ASSERT_TRUE(before.stat);
  ASSERT_TRUE(before.open_fds);
  EXPECT_GT(before.stat->resident_pages, 0u);
  EXPECT_GE(before.stat->virtual_bytes, before.stat->resident_pages * 4096);
  EXPECT_GE(before.stat->threads, 1u);
  EXPECT_GT(before.max_fds, *before.open_fds);
  const double now = static_cast<double>(time(nullptr));
  EXPECT_GT(before.started_unix_seconds, now - 3600);
  EXPECT_LE(before.started_unix_seconds, now + 1);

  const int file = open("/dev/null", O_RDONLY);
  Process after = look_at_process();
  EXPECT_EQ(*after.open_fds, *before.open_fds + 1);
  EXPECT_EQ(after.started_unix_seconds, before.started_unix_seconds);
  close(file);
  while (after.cpu_seconds <= before.cpu_seconds)
    after = look_at_process();
}

}  // namespace
}  // namespace nexus::system
