#include "nexus/sandbox/handlers/disk_cache.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include "fake_files.h"
#include "images.h"
#include "nexus/foundation/base/units.h"
#include "nexus/sandbox/handlers/cache_folder.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "support/sandbox.h"
#include "support/temporary_folder.h"

namespace nexus::handlers {
namespace {

namespace fs = std::filesystem;

std::uint64_t count(const DiskCache& cache, CacheOp op) {
  return cache.stats().errors[static_cast<std::size_t>(op)];
}

// Captures the log while it exists.
class Log {
 public:
  Log() : before_(spdlog::default_logger()) {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
    spdlog::set_pattern("%v");
  }
  ~Log() { spdlog::set_default_logger(before_); }
  std::ptrdiff_t lines() const {
    const std::string text = text_.str();
    return std::ranges::count(text, '\n');
  }

 private:
  std::ostringstream text_;
  std::shared_ptr<spdlog::logger> before_;
};

class DiskCacheTest : public ::testing::Test {
 protected:
  std::unique_ptr<DiskCache> cache(std::uint64_t max_bytes = 1_MiB, const Digest& origin = {1, 2}) {
    return std::make_unique<DiskCache>(
        DiskCache::Options{[path = directory_] { return open_cache_folder(path); }, max_bytes, origin,
                           images_.base()},
        clock_, ledger_);
  }
  static std::shared_ptr<const Handler> handler(std::string source,
                                                std::shared_ptr<const memory::Image> image) {
    return std::make_shared<const Handler>(Handler{std::move(source), std::move(image)});
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file() && entry.path().filename() != "turns") all.push_back(entry.path());
    }
    return all;
  }

  testing::TemporaryFolder folder_;
  std::string directory_ = folder_ / "cache";
  Images images_;
  testing::AdvancedClock clock_;
  testing::BoundedLedger ledger_;
};

TEST_F(DiskCacheTest, FindsStoredImageAfterRestart) {
  const auto image = images_.make(9000);
  cache()->store(handler("return 1", image));
  const auto after = cache();
  const auto found = after->find("return 1");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->digest(), image->digest());
  EXPECT_EQ(after->find("return 2"), nullptr);
  after->wait_until_written();
  EXPECT_EQ(after->stats().bytes, 12'288u);
  EXPECT_EQ(after->stats().limit_bytes, 1_MiB);
  EXPECT_EQ(after->stats().errors, CacheErrorCounts{});
}

TEST_F(DiskCacheTest, AnotherEngineOrGuestFindsNothing) {
  cache()->store(handler("return 1", images_.make(10)));
  for (const Digest& origin : {Digest{1, 3}, Digest{3, 2}}) {
    const auto other = cache(1_MiB, origin);
    EXPECT_EQ(other->find("return 1"), nullptr);
    EXPECT_EQ(count(*other, CacheOp::kVerify), 0u) << "it has no such file, rather than one of somebody else";
  }
  EXPECT_NE(cache()->find("return 1"), nullptr);
}

TEST_F(DiskCacheTest, IsSharedByProcesses) {
  const auto one = cache(), other = cache();
  one->store(handler("return 1", images_.make(10)));
  one->wait_until_written();
  EXPECT_NE(other->find("return 1"), nullptr);
}

TEST_F(DiskCacheTest, DamagedFileCountsAsMissingAndIsReplaced) {
  const auto one = cache();
  one->store(handler("return 1", images_.make(10)));
  one->wait_until_written();
  ASSERT_EQ(files().size(), 1u);
  {
    std::fstream file(files()[0], std::ios::in | std::ios::out);
    file.seekp(70).put('x');
  }
  EXPECT_EQ(one->find("return 1"), nullptr);
  EXPECT_EQ(count(*one, CacheOp::kVerify), 1u);
  fs::resize_file(files()[0], 0);
  EXPECT_EQ(one->find("return 1"), nullptr);
  one->store(handler("return 1", images_.make(10)));
  one->wait_until_written();
  EXPECT_NE(one->find("return 1"), nullptr);
}

TEST_F(DiskCacheTest, WithoutAFolderItWarnsOnceAMinute) {
  std::ofstream(directory_) << "in the way";
  const Log log;
  const auto one = cache();
  EXPECT_EQ(log.lines(), 1);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(one->find("return 1"), nullptr);
    one->store(handler("return 1", images_.make(10)));
    one->wait_until_written();
  }
  EXPECT_EQ(log.lines(), 1);
  EXPECT_GE(count(*one, CacheOp::kOpen), 11u);
  clock_.advance_ms(60'000);
  one->store(handler("return 1", images_.make(10)));
  one->wait_until_written();
  EXPECT_EQ(log.lines(), 2);
}

TEST_F(DiskCacheTest, RemovedFolderLosesOnlyImages) {
  const auto one = cache();
  one->store(handler("return 1", images_.make(10)));
  one->wait_until_written();
  fs::remove_all(directory_);
  EXPECT_EQ(one->find("return 1"), nullptr);
  one->store(handler("return 2", images_.make(10)));
  one->wait_until_written();
  EXPECT_NE(one->find("return 2"), nullptr);
  EXPECT_EQ(one->stats().bytes, 4096u);
}

TEST_F(DiskCacheTest, UnreadableFileIsCounted) {
  FakeFolder folder;
  folder.reading = std::errc::io_error;
  DiskCache one({[&] { return Result<std::shared_ptr<CacheFiles>>(std::make_shared<FakeFiles>(folder)); },
                 1_MiB,
                 {},
                 images_.base()},
                clock_, ledger_);
  EXPECT_EQ(one.find("return 1"), nullptr);
  EXPECT_EQ(count(one, CacheOp::kRead), 1u);
}

TEST_F(DiskCacheTest, ExistingFilesInMemoryAreChargedAtStart) {
  FakeFolder folder;
  folder.is_in_memory = true;
  const auto open = [&] { return Result<std::shared_ptr<CacheFiles>>(std::make_shared<FakeFiles>(folder)); };
  const DiskCache::Options options{open, 1_MiB, {}, images_.base()};
  DiskCache(options, clock_, ledger_).store(handler("return 1", images_.make(10'000)));
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 0u);
  const DiskCache again(options, clock_, ledger_);
  EXPECT_EQ(ledger_.granted(budget::Kind::kCache), 12'288u);
}

TEST_F(DiskCacheTest, ReclaimsOnlyFilesInMemory) {
  for (const bool is_in_memory : {true, false}) {
    FakeFolder folder;
    folder.is_in_memory = is_in_memory;
    DiskCache::Options options{
        [&folder] { return std::make_shared<FakeFiles>(folder); }, 1_MiB, {1, 2}, images_.base()};
    DiskCache cache(options, clock_, ledger_);
    cache.store(handler("return 1", images_.make(10)));
    cache.wait_until_written();
    const std::uint64_t before = cache.stats().bytes;
    EXPECT_GT(before, 0u);
    cache.reclaim(1);
    cache.wait_until_written();
    EXPECT_EQ(cache.stats().bytes, is_in_memory ? 0 : before);
    EXPECT_EQ(cache.find("return 1") == nullptr, is_in_memory);
  }
}

TEST_F(DiskCacheTest, FullQueueLeavesImagesOut) {
  const auto one = cache();
  const auto held = open_cache_folder(directory_).value()->take_turn();  // blocks all writes
  ASSERT_TRUE(held);
  const auto large = handler("return 1", images_.make(1_MiB));
  for (int i = 0; i < 200; ++i)
    one->store(large);
  EXPECT_GT(count(*one, CacheOp::kQueue), 0u);
}

TEST_F(DiskCacheTest, FourThreadsAndTwoProcesses) {
  constexpr std::uint64_t kBound = 40'960;
  const std::unique_ptr<DiskCache> caches[] = {cache(kBound), cache(kBound)};
  std::vector<std::shared_ptr<const Handler>> handlers;
  for (unsigned char n = 0; n < 20; ++n)
    handlers.push_back(handler("return " + std::to_string(n), images_.make(3000, n + 1)));
  std::vector<std::jthread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      DiskCache& one = *caches[thread % 2];
      for (std::size_t i = 0; i < 500; ++i) {
        const auto& each = handlers[(i * (thread + 3)) % handlers.size()];
        if (const auto found = one.find(each->source)) {
          EXPECT_EQ(found->digest(), each->image->digest());
        } else {
          one.store(each);
        }
      }
    });
  }
  threads.clear();
  for (const auto& one : caches)
    one->wait_until_written();
  std::uint64_t bytes = 0;
  for (const auto& file : files())
    bytes += CacheIndex::charge_of(fs::file_size(file));
  EXPECT_LE(bytes, kBound);
  EXPECT_GT(bytes, 0u);
  EXPECT_EQ(count(*caches[0], CacheOp::kVerify), 0u);
}

TEST_F(DiskCacheTest, FindsHandlerInMemoryThenOnDisk) {
  const auto disk = cache();
  HandlerCache first(1_MiB, ledger_, disk.get());
  EXPECT_EQ(first.find("return 1"), nullptr);
  first.insert("return 1", images_.make(10));
  EXPECT_NE(first.find("return 1"), nullptr);
  disk->wait_until_written();
  HandlerCache second(1_MiB, ledger_, disk.get());
  const auto found = second.find("return 1");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->source, "return 1");
  EXPECT_EQ(second.find("return 1"), found) << "it is in memory now";
  EXPECT_EQ(first.stats().hits, 1u);
  EXPECT_EQ(first.stats().misses, 1u);
  EXPECT_EQ(second.stats().hits, 1u);
  EXPECT_EQ(second.stats().disk_hits, 1u);
  EXPECT_EQ(second.stats().misses, 0u);
}

TEST_F(DiskCacheTest, LearnedPagesAreStoredWithImage) {
  const auto learned = [](const memory::Image& image) {
    return image.learned().snapshot(image.pages()).count();
  };
  const auto disk = cache();
  HandlerCache handlers(1_MiB, ledger_, disk.get());
  const auto made = handlers.insert("return 1", images_.make(10));
  disk->wait_until_written();
  memory::PageSet written(made->image->pages());
  written.add(memory::PageRun{3, 4});
  made->image->learned().merge(written);
  for (int use = 0; use < 15; ++use)
    handlers.find("return 1");
  disk->wait_until_written();
  EXPECT_EQ(learned(*disk->find("return 1")), 0u);
  handlers.find("return 1");
  disk->wait_until_written();
  EXPECT_EQ(learned(*disk->find("return 1")), 4u);
}

// End to end: an image from disk runs like a loaded one.
TEST_F(DiskCacheTest, HandlerFromDiskRuns) {
  testing::Sandbox sandbox;
  const sandbox::Runtime& runtime = sandbox.runtime();
  EXPECT_EQ(runtime.image_origin(), runtime.image_origin());
  const DiskCache::Options options{[this] { return open_cache_folder(directory_); }, 1_MiB,
                                   runtime.image_origin(), runtime.base_image()};
  const std::string source =
      "const list = Array.from({length: 500}, (_, i) => 'item ' + i); export default ($) => list[$.$args.n]";
  const auto loaded = sandbox.load(source);
  ASSERT_TRUE(loaded);
  DiskCache(options, clock_, ledger_).store(handler(source, *loaded));
  const auto found = DiskCache(options, clock_, ledger_).find(source);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->digest(), (*loaded)->digest());
  for (int call = 0; call < 20; ++call) {
    sandbox.run_image(found, source, {.args = R"({"n":7})"}).expect_value("\"item 7\"");
    EXPECT_TRUE(sandbox.instance().is_pristine());
  }
}

}  // namespace
}  // namespace nexus::handlers
