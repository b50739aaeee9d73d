#include "nexus/sandbox/handlers/cache_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"

namespace nexus::handlers {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;

constexpr Digest kName{0x0123, 0xabcd};
const std::vector<std::byte> kBytes(5000, std::byte{7});
constexpr uid_t kNobody = 65534;

std::string ours(const TemporaryFolder& folder) { return folder / ("images-" + std::to_string(geteuid())); }

mode_t mode_of(const std::string& path) {
  struct stat about{};
  EXPECT_EQ(stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 0777;
}

std::shared_ptr<CacheFiles> opened(const std::string& directory) {
  auto files = open_cache_folder(directory);
  EXPECT_TRUE(files) << files.error().message;
  return files ? *files : nullptr;
}

// The reason of the failure, or "" for success.
std::string refusal(const std::string& directory) {
  const auto files = open_cache_folder(directory);
  return files ? "" : files.error().message;
}

TEST(CacheFolder, CreatesPrivateFolder) {
  const TemporaryFolder folder;
  const std::string directory = folder / "cache";
  const auto files = opened(directory);
  EXPECT_EQ(files->path(), directory + "/images-" + std::to_string(geteuid()));
  EXPECT_EQ(mode_of(std::string(files->path())), 0700u);
  EXPECT_NE(opened(directory), nullptr) << "a second time";
}

TEST(CacheFolder, WorksInWorldWritableParent) {
  const TemporaryFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0777), 0);
  EXPECT_EQ(mode_of(std::string(opened(folder.path())->path())), 0700u);
  EXPECT_EQ(mode_of(folder.path()), 0777u) << "that is not ours to change";
}

TEST(CacheFolder, ReadsWhatWasWritten) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::no_such_file_or_directory);
  ASSERT_TRUE(files->write(kName, kBytes, 1000));
  EXPECT_EQ(files->look_at(kName)->used_ms, 1000);
  EXPECT_EQ(files->look_at(kName)->bytes, kBytes.size());
  EXPECT_EQ(files->read(kName, 2000).value(), kBytes);
  EXPECT_EQ(files->look_at(kName)->used_ms, 2000);
  ASSERT_EQ(files->list()->size(), 1u);
  EXPECT_EQ(files->list()->front().name, kName);
  EXPECT_EQ(mode_of(ours(folder) + "/" + hex(kName)), 0600u);
  EXPECT_TRUE(files->remove(kName));
  EXPECT_TRUE(files->remove(kName)) << "it is gone, which is all that was wanted";
  EXPECT_TRUE(files->list()->empty());
}

TEST(CacheFolder, OverwritesUnfinishedFile) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  fs::create_symlink(folder / "elsewhere", ours(folder) + "/new");
  ASSERT_TRUE(files->write(kName, kBytes, 1));
  EXPECT_FALSE(fs::exists(folder / "elsewhere"));
  EXPECT_FALSE(fs::exists(ours(folder) + "/new"));
}

TEST(CacheFolder, ListsOnlyImageNames) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  for (const std::string& name :
       {std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'g'), std::string(32, '+')})
    std::ofstream(ours(folder) + "/" + name) << "x";
  EXPECT_TRUE(files->list()->empty());
}

TEST(CacheFolder, RejectsSymbolicLinkAsFolder) {
  const TemporaryFolder folder, target;
  fs::create_directory_symlink(target.path(), ours(folder));
  EXPECT_NE(refusal(folder.path()).find(ours(folder)), std::string::npos) << refusal(folder.path());
  EXPECT_TRUE(fs::is_empty(target.path()));
}

TEST(CacheFolder, ReadsNoFileThroughASymbolicLink) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  std::ofstream(folder / "secret") << "secret";
  fs::create_symlink(folder / "secret", ours(folder) + "/" + hex(kName));
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::too_many_symbolic_link_levels);
  ASSERT_TRUE(files->write(kName, kBytes, 1)) << "the link is replaced";
  EXPECT_EQ(fs::file_size(folder / "secret"), 6u);
  EXPECT_EQ(files->read(kName, 1).value(), kBytes);
}

TEST(CacheFolder, ReadsOnlyOwnRegularFilesOfAllowedSize) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  const std::string path = ours(folder) + "/" + hex(kName);
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::operation_not_permitted);
  fs::remove(path);
  ASSERT_TRUE(files->write(kName, kBytes, 1));
  fs::resize_file(path, kMostFileBytes + 1);
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::file_too_large);
  if (geteuid() != 0) return;
  fs::resize_file(path, 10);
  ASSERT_EQ(chown(path.c_str(), 12345, 12345), 0);
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::operation_not_permitted);
}

TEST(CacheFolder, RejectsFolderOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make one";
  const TemporaryFolder folder;
  opened(folder.path());
  ASSERT_EQ(chown(ours(folder).c_str(), 12345, 12345), 0);
  EXPECT_NE(refusal(folder.path()).find("another user"), std::string::npos);
}

TEST(CacheFolder, WritableByOthersIsClosedAndEmptied) {
  const TemporaryFolder folder;
  ASSERT_TRUE(opened(folder.path())->write(kName, kBytes, 1));
  ASSERT_EQ(chmod(ours(folder).c_str(), 0770), 0);
  const auto files = opened(folder.path());
  EXPECT_EQ(mode_of(ours(folder)), 0700u);
  EXPECT_TRUE(files->list()->empty());
}

TEST(CacheFolder, ReportsObstacle) {
  const TemporaryFolder folder;
  EXPECT_NE(refusal(folder / "a/b").find("a/b"), std::string::npos);
  std::ofstream(folder / "file") << "x";
  EXPECT_NE(refusal(folder / "file").find("file"), std::string::npos);
  EXPECT_NE(refusal("").size(), 0u);
}

TEST(CacheFolder, FindDoesNotCreateFolder) {
  const TemporaryFolder folder;
  EXPECT_EQ(find_cache_folder(folder / "none").value(), nullptr);
  EXPECT_EQ(find_cache_folder(folder.path()).value(), nullptr);
  EXPECT_TRUE(fs::is_empty(folder.path()));
  opened(folder.path());
  EXPECT_NE(find_cache_folder(folder.path()).value(), nullptr);
}

TEST(CacheFolder, TurnsExcludeEachOtherAndAreCounted) {
  const TemporaryFolder folder;
  const auto one = opened(folder.path()), other = opened(folder.path());
  const std::uint64_t first = (*one->take_turn())->number();
  auto turn = one->take_turn();
  ASSERT_TRUE(turn);
  EXPECT_EQ((*turn)->number(), first + 1);
  EXPECT_EQ(other->take_turn().error(), std::errc::timed_out);
  turn->reset();
  EXPECT_EQ((*other->take_turn())->number(), first + 2);
}

TEST(CacheFolder, DeletedFolderFailsWrites) {
  const TemporaryFolder folder;
  const auto files = opened(folder.path());
  fs::remove_all(ours(folder));
  EXPECT_EQ(files->take_turn().error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(files->write(kName, kBytes, 1).error(), std::errc::no_such_file_or_directory);
  EXPECT_EQ(files->read(kName, 1).error(), std::errc::no_such_file_or_directory);
}

// Root may write everywhere, so another user tries. Ends the process: 0, or the number of the failed check.
[[noreturn]] void read_what_is_read_only(const std::string& directory) {
  if (geteuid() == 0 && setuid(kNobody) != 0) std::_Exit(1);
  const auto files = open_cache_folder(directory);
  if (!files || !(*files)->write(kName, kBytes, 1)) std::_Exit(2);
  if (chmod(std::string((*files)->path()).c_str(), 0500) != 0) std::_Exit(3);
  const auto again = open_cache_folder(directory);
  if (!again || (*again)->read(kName, 1).value() != kBytes) std::_Exit(4);
  if ((*again)->write({1, 1}, kBytes, 1).error() != std::errc::permission_denied) std::_Exit(5);
  if ((*again)->remove(kName).error() != std::errc::permission_denied) std::_Exit(6);
  std::_Exit(0);
}

TEST(CacheFolder, ReadOnlyFolderCanBeRead) {
  const TemporaryFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0777), 0);
  EXPECT_EXIT(read_what_is_read_only(folder.path()), ::testing::ExitedWithCode(0), "");
}

TEST(CacheFolder, RecognizesMemoryFilesystem) {
  if (!fs::exists("/dev/shm")) GTEST_SKIP();
  const TemporaryFolder in_memory("/dev/shm");
  EXPECT_TRUE(opened(in_memory.path())->is_in_memory());
}

}  // namespace
}  // namespace nexus::handlers
