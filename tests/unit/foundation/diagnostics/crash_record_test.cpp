#include "nexus/foundation/diagnostics/crash_record.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

namespace nexus::diagnostics {
namespace {

namespace fs = std::filesystem;
using testing::IsEmpty;
using testing::SizeIs;

class CrashRecordTest : public testing::Test {
 protected:
  CrashRecordTest() {
    std::string name = (fs::temp_directory_path() / "nexus-crash-record-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~CrashRecordTest() override { fs::remove_all(folder_); }

  std::unique_ptr<CrashRecord> create() const { return CrashRecord::create(folder_).value(); }
  std::vector<UncleanExit> take() const { return take_unclean(folder_); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_))
      names.push_back(entry.path().filename().string());
    return names;
  }

  // Runs `body` in a child that then waits; kills the child before returning.
  template <class Body>
  void in_killed_child(Body body) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      body();
      if (write(ready[1], "!", 1) != 1) _exit(1);
      for (;;)
        pause();
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    close(ready[0]);
    close(ready[1]);
  }

  void leave(const Record& record) {
    in_killed_child([&] { create().release()->update(record); });
  }

  std::string folder_;
};

Record record_of(std::uint64_t n) {
  Record record;
  record.pid = 4711;
  record.version = "1.2.3";
  record.working_set_bytes = n;
  record.accounted_bytes[1] = 2 * n;
  record.top_handlers[0].name = "cart/add";
  record.top_handlers[0].bytes = 3 * n;
  return record;
}

TEST_F(CrashRecordTest, NothingIsFoundAfterACleanExit) {
  EXPECT_THAT(take(), IsEmpty());
  create()->update(record_of(1));
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(CrashRecordTest, AKilledProcessIsFoundOnce) {
  leave(record_of(7));
  EXPECT_THAT(files(), SizeIs(1));
  const auto found = take();
  ASSERT_THAT(found, SizeIs(1));
  ASSERT_TRUE(found[0].record);
  const Record& record = *found[0].record;
  EXPECT_EQ(record.pid, 4711);
  EXPECT_EQ(record.version.view(), "1.2.3");
  EXPECT_EQ(record.working_set_bytes, 7u);
  EXPECT_EQ(record.accounted_bytes[1], 14u);
  EXPECT_EQ(record.top_handlers[0].name.view(), "cart/add");
  EXPECT_EQ(record.top_handlers[0].bytes, 21u);
  EXPECT_EQ(record.top_handlers[1].name.view(), "");
  EXPECT_THAT(files(), IsEmpty());
  EXPECT_THAT(take(), IsEmpty());
}

TEST_F(CrashRecordTest, TheLastUpdateCounts) {
  in_killed_child([&] {
    CrashRecord* const crash_record = create().release();
    for (std::uint64_t n = 1; n <= 1001; ++n)
      crash_record->update(record_of(n));
  });
  EXPECT_EQ(take().at(0).record->working_set_bytes, 1001u);
}

TEST_F(CrashRecordTest, AProcessKilledWhileItWritesLeavesAWholeRecord) {
  for (int round = 0; round < 20; ++round) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      CrashRecord* const crash_record = create().release();
      for (std::uint64_t n = 1;; ++n) {
        crash_record->update(record_of(n));
        if (n == 10 && write(ready[1], "!", 1) != 1) _exit(1);
      }
    }
    char byte = 0;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    kill(child, SIGKILL);
    EXPECT_EQ(waitpid(child, nullptr, 0), child);
    close(ready[0]);
    close(ready[1]);
    const auto found = take();
    ASSERT_THAT(found, SizeIs(1));
    ASSERT_TRUE(found[0].record);
    EXPECT_GE(found[0].record->working_set_bytes, 10u);
    EXPECT_EQ(found[0].record->top_handlers[0].bytes, 3 * found[0].record->working_set_bytes);
  }
}

TEST_F(CrashRecordTest, LivingProcessIsNotTaken) {
  const auto own = create();
  own->update(record_of(1));
  const auto other = create();
  other->update(record_of(2));
  leave(record_of(3));
  const auto found = take();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].record->working_set_bytes, 3u);
  EXPECT_THAT(files(), SizeIs(2));
  EXPECT_TRUE(fs::exists(own->path()));
}

TEST_F(CrashRecordTest, ProcessKilledBeforeFirstUpdateHasNoRecord) {
  in_killed_child([&] { create().release(); });
  const auto found = take();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_FALSE(found[0].record);
}

TEST_F(CrashRecordTest, EachRecordIsTakenOnce) {
  for (std::uint64_t n = 0; n < 8; ++n)
    leave(record_of(n));
  std::vector<std::size_t> counts(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t& count : counts)
      threads.emplace_back([&] { count = take().size(); });
  }
  EXPECT_EQ(counts[0] + counts[1] + counts[2] + counts[3], 8u);
}

TEST_F(CrashRecordTest, FileTakenDuringCreationIsCreatedAgain) {
  std::atomic<bool> is_done = false;
  std::size_t taken = 0;
  std::jthread taker([&] {
    while (!is_done)
      taken += take().size();
  });
  for (int n = 0; n < 500; ++n) {
    const auto crash_record = create();
    crash_record->update(record_of(1));
    ASSERT_TRUE(fs::exists(crash_record->path()));
  }
  is_done = true;
  taker.join();
  EXPECT_EQ(taken, 0u);
}

TEST_F(CrashRecordTest, DamagedSlotFallsBackToOlderOrNone) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    in_killed_child([&] {
      CrashRecord* const crash_record = create().release();
      crash_record->update(record_of(1));
      crash_record->update(record_of(2));
    });
    const std::string path = folder_ + '/' + files().at(0);
    if (round % 10 == 0) {
      fs::resize_file(path, 1 + random() % 4095);
    } else {
      std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
      for (int n = 0; n < (round % 2 == 0 ? 1 : 40); ++n) {
        const auto at = static_cast<std::streamoff>(random() % 4096);
        file.seekg(at);
        const char was = static_cast<char>(file.get());
        file.seekp(at);
        file.put(static_cast<char>(~was));
      }
    }
    const auto found = take();
    ASSERT_THAT(found, SizeIs(1));
    if (!found[0].record) continue;
    const std::uint64_t n = found[0].record->working_set_bytes;
    EXPECT_TRUE(n == 1 || n == 2);
    EXPECT_EQ(found[0].record->top_handlers[0].bytes, 3 * n);
  }
}

TEST_F(CrashRecordTest, ForeignFilesAreLeftAlone) {
  std::ofstream(folder_ + "/other") << "x";
  fs::create_directory(folder_ + "/last-words-folder");
  std::ofstream(folder_ + "/target") << "precious";
  fs::create_symlink(folder_ + "/target", folder_ + "/last-words-link");
  ASSERT_EQ(mkfifo((folder_ + "/last-words-pipe").c_str(), 0600), 0);
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(files(), SizeIs(5));
}

TEST_F(CrashRecordTest, EmptyFileIsRemovedSilently) {
  std::ofstream(folder_ + "/last-words-1-2");
  EXPECT_THAT(take(), IsEmpty());
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(CrashRecordTest, OtherUsersCannotReadFile) {
  const auto crash_record = create();
  struct stat found{};
  ASSERT_EQ(stat(crash_record->path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  EXPECT_EQ(found.st_size, 4096);
}

TEST_F(CrashRecordTest, CreatesFolderOrReportsReason) {
  EXPECT_TRUE(CrashRecord::create(folder_ + "/new").has_value());
  EXPECT_THAT(take_unclean(folder_ + "/none"), IsEmpty());
  const auto failed = CrashRecord::create(folder_ + "/a/b");
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("No such file"), std::string::npos);
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_FALSE(CrashRecord::create(folder_ + "/file"));
}

TEST(ShortText, IsCut) {
  ShortText<4> text;
  text = "abcdef";
  EXPECT_EQ(text.view(), "abcd");
  text = "x";
  EXPECT_EQ(text.view(), "x");
}

}  // namespace
}  // namespace nexus::diagnostics
