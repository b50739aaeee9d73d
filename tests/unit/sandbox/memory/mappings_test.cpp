// When the kernel has no mapping left for the process (vm.max_map_count), results stay exact and only speed is lost.
// Each test runs in its own process and uses up its mappings.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "memories.h"
#include "support/steps.h"

namespace nexus::memory {
namespace {

// Splits one mapping until the kernel refuses; then frees `left_over` mappings.
class AllMappings {
 public:
  explicit AllMappings(std::size_t left_over) {
    base_ = static_cast<std::byte*>(
        mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    std::size_t at = kPageBytes;
    while (at + 2 * kPageBytes < kBytes && mprotect(base_ + at, kPageBytes, PROT_READ) == 0)
      at += 2 * kPageBytes;
    // Each of these splits made two mappings; undoing it merges them with their neighbours.
    for (std::size_t i = 0; i < left_over / 2; ++i)
      mprotect(base_ + at - (2 * i + 2) * kPageBytes, kPageBytes, PROT_NONE);
    exhausted_ = at + 2 * kPageBytes < kBytes;
  }
  bool exhausted() const { return exhausted_; }

 private:
  static constexpr std::size_t kBytes = 2_GiB;
  std::byte* base_;
  bool exhausted_ = false;
};

class MappingsTest : public Memories {
 protected:
  // Skipped under a sanitizer, which would itself be the first to need a mapping.
  void SetUp() override {
    if (testing::kUnderSanitizer) GTEST_SKIP();
  }

  // Returns the number of the failed check for the exit code; 0 is success.
  int calls_when_exhausted(std::size_t left_over, std::size_t writes) {
    const auto m = memory();
    const auto first = image(8), second = image(12);
    if (!m->grow_to(8 * kWasmPageBytes) || !m->take(first)) return 10;
    const AllMappings all(left_over);
    if (!all.exhausted()) return 11;
    for (int call = 0; call < 50; ++call) {
      for (std::size_t n = 0; n < writes; ++n)
        write(*m, below(m->size() / kPageBytes));
      m->reset();
      if (!m->is_pristine()) return 12;
      // Growth may be refused, but never half done.
      if (m->grow_to(m->size() + kWasmPageBytes)) write(*m, m->size() / kPageBytes - 1);
      m->reset();
      if (!m->is_pristine()) return 13;
      if (!m->take(call % 2 == 0 ? second : first)) return 14;
      if (!m->is_pristine()) return 15;
    }
    if (m->tracking() != Tracking::kCopyEverything) return 16;
    const TrackingCounts counts = arena_->tally().counts();
    if (counts.learning != 0 || counts.copying != 1) return 17;
    return 0;
  }
};

TEST_F(MappingsTest, WithoutMappingsAFaultFallsBackToCopying) {
  EXPECT_EXIT(_exit(calls_when_exhausted(0, 10)), ::testing::ExitedWithCode(0), "");
}

TEST_F(MappingsTest, FewMappingsAreUsedBeforeFallback) {
  for (const std::size_t left_over : {2, 4, 6, 8, 10, 14, 20}) {
    EXPECT_EXIT(_exit(calls_when_exhausted(left_over, 10)), ::testing::ExitedWithCode(0), "") << left_over;
  }
}

// Many runs are learned before the mappings run out: taking the image must not need them.
TEST_F(MappingsTest, WithoutMappingsAnImageIsStillTaken) {
  const auto taken = [&] {
    const auto m = memory();
    const auto learned = image(32);
    PageSet scattered(learned->pages());
    for (std::size_t page = 5; page < 500; page += 20)
      scattered.add(page);
    learned->learned().merge(scattered);
    if (!m->grow_to(16 * kWasmPageBytes)) return 20;
    const AllMappings all(0);
    if (!all.exhausted()) return 21;
    if (!m->take(learned)) return 22;
    if (!m->is_pristine() || m->tracking() != Tracking::kCopyEverything) return 23;
    for (std::size_t page = 0; page < 512; ++page)
      write(*m, page);
    m->reset();
    return m->is_pristine() ? 0 : 24;
  };
  EXPECT_EXIT(_exit(taken()), ::testing::ExitedWithCode(0), "");
}

TEST_F(MappingsTest, WithoutMappingsANewMemoryFails) {
  const auto made = [&] {
    const AllMappings all(0);
    const auto m = memory();
    if (m->grow_to(kWasmPageBytes)) return 30;
    if (!m->refusal() || m->refusal()->setting != "vm.max_map_count") return 31;
    return ledger_.granted(budget::Kind::kInstances) == 0 ? 0 : 32;
  };
  EXPECT_EXIT(_exit(made()), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace nexus::memory
