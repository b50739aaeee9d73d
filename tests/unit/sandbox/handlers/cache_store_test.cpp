#include "nexus/sandbox/handlers/cache_store.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "fake_files.h"
#include "nexus/foundation/base/units.h"
#include "support/sandbox.h"
#include "support/steps.h"

namespace nexus::handlers {
namespace {

constexpr std::uint64_t kPage = kPageBytes;

// A clock that advances by one with each reading.
class Ticks final : public Clock {
 public:
  std::int64_t unix_ms() const override { return ++now_; }
  std::uint64_t monotonic_us() const override { return static_cast<std::uint64_t>(++now_); }

 private:
  mutable std::int64_t now_ = 0;
};

class CacheStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<CacheStore> store(std::uint64_t pages) {
    return std::make_unique<CacheStore>([this] { return open(); }, pages * kPage, clock_, ledger_, errors_);
  }
  Result<std::shared_ptr<CacheFiles>> open() {
    ++opened_;
    if (!can_be_opened_) return fail(ErrorCode::kInternalError, "it cannot be opened");
    return std::make_shared<FakeFiles>(folder_);
  }
  // Writes as DiskCache does.
  static void put(CacheStore& store, std::uint64_t name, std::uint64_t pages) {
    if (const auto turn = store.begin()) store.write(*turn, {0, name}, std::vector<std::byte>(pages * kPage));
  }
  void use(std::uint64_t name) { EXPECT_TRUE(FakeFiles(folder_).read({0, name}, clock_.unix_ms())); }
  std::string names() const {
    std::string all;
    for (const auto& [name, file] : folder_.files)
      all += std::to_string(name.low) + ' ';
    return all;
  }
  std::uint64_t errors(CacheOp op) const { return errors_.counts()[static_cast<std::size_t>(op)]; }

  Ticks clock_;
  testing::BoundedLedger ledger_;
  CacheErrors errors_{clock_};
  FakeFolder folder_;
  bool can_be_opened_ = true;
  int opened_ = 0;
};

TEST_F(CacheStoreTest, EvictsLeastRecentlyUsedFirst) {
  const auto one = store(4);
  for (const std::uint64_t name : {1, 2, 3, 4})
    put(*one, name, 1);
  use(1);
  use(2);
  put(*one, 5, 2);
  EXPECT_EQ(names(), "1 2 5 ");
  EXPECT_EQ(one->evictions(), 2u);
  EXPECT_EQ(one->bytes(), 4 * kPage);
}

TEST_F(CacheStoreTest, ReplacingAFileNeedsSpaceForBoth) {
  const auto one = store(4);
  put(*one, 1, 2);
  put(*one, 2, 1);
  put(*one, 2, 2);
  EXPECT_EQ(names(), "2 ");
  EXPECT_EQ(folder_.most_bytes_ever, 3 * kPage);
  EXPECT_EQ(one->bytes(), 2 * kPage);
}

TEST_F(CacheStoreTest, TooLargeEvictsNothing) {
  const auto one = store(4);
  put(*one, 1, 1);
  put(*one, 2, 5);
  EXPECT_EQ(names(), "1 ");
  EXPECT_EQ(one->evictions(), 0u);
}

TEST_F(CacheStoreTest, LoweredLimitPrunesExistingFiles) {
  put(*store(8), 1, 4);
  put(*store(8), 2, 4);
  const auto one = store(5);
  one->begin();
  EXPECT_EQ(names(), "2 ");
  EXPECT_EQ(one->bytes(), 4 * kPage);
}

TEST_F(CacheStoreTest, ListsFilesOnlyAfterAForeignTurn) {
  const auto one = store(8);
  put(*one, 1, 1);
  put(*one, 2, 1);
  EXPECT_EQ(folder_.lists, 1u);
  const auto other = store(8);
  put(*other, 3, 1);
  EXPECT_EQ(folder_.lists, 2u);
  put(*one, 4, 1);
  put(*one, 5, 1);
  EXPECT_EQ(folder_.lists, 3u);
  EXPECT_EQ(one->bytes(), 5 * kPage);
}

// The bytes never exceed the limit, whichever store writes.
TEST_F(CacheStoreTest, FuzzOfTwoOnOneFolder) {
  constexpr std::uint64_t kBound = 20;
  std::unique_ptr<CacheStore> stores[] = {store(kBound), store(kBound)};
  std::mt19937 random(9);
  for (std::uint64_t step = 0; step < testing::steps(20'000); ++step) {
    auto& one = stores[random() % 2];
    switch (random() % 12) {
      case 0:
        one = store(kBound);  // a restart
        break;
      case 1:
        folder_.files.erase(folder_.files.begin(),
                            random() % 2 ? folder_.files.begin() : folder_.files.end());
        break;
      case 2:
        folder_.writing = std::errc::no_space_on_device;
        put(*one, random() % 40, 1);
        folder_.writing.reset();
        break;
      case 3:
        FakeFiles(folder_).read({0, random() % 40}, clock_.unix_ms());
        break;
      default:
        put(*one, random() % 40, random() % 8);
    }
    ASSERT_LE(folder_.bytes(), kBound * kPage) << "step " << step;
  }
  EXPECT_LE(folder_.most_bytes_ever, kBound * kPage);
}

TEST_F(CacheStoreTest, FilesInMemoryAreCharged) {
  folder_.is_in_memory = true;
  const auto one = store(8);
  put(*one, 1, 3);
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 3 * kPage);
  put(*one, 1, 1);
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), kPage);
  folder_.files.clear();
  store(8)->begin();  // another store empties the folder
  one->begin();
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 0u);
}

TEST_F(CacheStoreTest, FilesOnDiskAreNotCharged) {
  put(*store(8), 1, 3);
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 0u);
}

TEST_F(CacheStoreTest, LedgerRefusalPreventsWrite) {
  folder_.is_in_memory = true;
  ledger_.set_limit(4 * kPage);
  const auto one = store(8);
  put(*one, 1, 3);
  put(*one, 2, 2);
  EXPECT_EQ(names(), "1 ");
  EXPECT_EQ(errors(CacheOp::kCharge), 1u);
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 3 * kPage);
}

TEST_F(CacheStoreTest, RestartPrunesToGrantedBytes) {
  folder_.is_in_memory = true;
  {
    const auto before = store(8);
    for (const std::uint64_t name : {1, 2, 3})
      put(*before, name, 2);
  }
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 0u);
  ledger_.set_limit(5 * kPage);
  const auto one = store(8);
  one->begin();
  EXPECT_EQ(names(), "2 3 ");
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 4 * kPage);
}

TEST_F(CacheStoreTest, ReclaimRemovesLeastRecentlyUsed) {
  folder_.is_in_memory = true;
  const auto one = store(8);
  for (const std::uint64_t name : {1, 2, 3})
    put(*one, name, 2);
  use(1);
  one->reclaim(*one->begin(), kPage);
  EXPECT_EQ(names(), "1 3 ");
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 4 * kPage);
  one->reclaim(*one->begin(), 100 * kPage);
  EXPECT_EQ(names(), "");
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 0u);
  put(*one, 4, 1);
  EXPECT_EQ(names(), "4 ");
}

TEST_F(CacheStoreTest, FullDiskIsOnlyCounted) {
  const auto one = store(8);
  put(*one, 1, 1);
  folder_.writing = std::errc::no_space_on_device;
  put(*one, 2, 1);
  EXPECT_EQ(errors(CacheOp::kWrite), 1u);
  EXPECT_EQ(one->bytes(), kPage);
  folder_.writing.reset();
  put(*one, 3, 1);
  EXPECT_EQ(names(), "1 3 ");
}

TEST_F(CacheStoreTest, FailedRemovalPreventsWrites) {
  const auto one = store(2);
  put(*one, 1, 2);
  folder_.removing = std::errc::read_only_file_system;
  put(*one, 2, 1);
  EXPECT_EQ(names(), "1 ");
  EXPECT_EQ(errors(CacheOp::kRemove), 1u);
}

TEST_F(CacheStoreTest, FailedListingIsRetried) {
  put(*store(2), 1, 2);
  folder_.listing = std::errc::io_error;
  const auto one = store(2);
  EXPECT_EQ(one->begin(), nullptr) << "who does not know how full it is must not write";
  EXPECT_EQ(errors(CacheOp::kRead), 1u);
  folder_.listing.reset();
  put(*one, 2, 1);
  EXPECT_EQ(names(), "2 ");
}

TEST_F(CacheStoreTest, TurnTimeoutIsCounted) {
  const auto one = store(8);
  folder_.turning = std::errc::timed_out;
  EXPECT_EQ(one->begin(), nullptr);
  EXPECT_EQ(errors(CacheOp::kLock), 1u);
  folder_.turning = std::errc::read_only_file_system;
  EXPECT_EQ(one->begin(), nullptr);
  EXPECT_EQ(errors(CacheOp::kWrite), 1u);
}

TEST_F(CacheStoreTest, DeletedFolderIsCreatedAgain) {
  const auto one = store(8);
  put(*one, 1, 1);
  EXPECT_EQ(opened_, 1);
  folder_.files.clear();
  folder_.turning = std::errc::no_such_file_or_directory;
  put(*one, 2, 1);  // it cannot be created yet
  EXPECT_EQ(opened_, 2);
  EXPECT_EQ(one->bytes(), 0u);
  folder_.turning.reset();
  put(*one, 3, 1);
  EXPECT_EQ(names(), "3 ");
  EXPECT_EQ(one->bytes(), kPage);
}

TEST_F(CacheStoreTest, FailedOpenIsRetried) {
  can_be_opened_ = false;
  const auto one = store(8);
  EXPECT_EQ(one->files(), nullptr);
  put(*one, 1, 1);
  EXPECT_EQ(errors(CacheOp::kOpen), 2u);
  can_be_opened_ = true;
  put(*one, 1, 1);
  EXPECT_EQ(names(), "1 ");
}

TEST_F(CacheStoreTest, PruneRemovesAll) {
  const auto one = store(8);
  put(*one, 1, 1);
  put(*one, 2, 3);
  FakeFiles files(folder_);
  const auto pruned = prune(files);
  ASSERT_TRUE(pruned);
  EXPECT_EQ(pruned->files, 2u);
  EXPECT_EQ(pruned->bytes, 4 * kPage);
  EXPECT_TRUE(folder_.files.empty());
  one->begin();
  EXPECT_EQ(one->bytes(), 0u) << "a server that uses the folder notices";
}

}  // namespace
}  // namespace nexus::handlers
