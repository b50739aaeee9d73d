// One memory, ten thousand rounds: an image of any size, random writes and growth, then a reset to exactly the image.
#include <algorithm>

#include "memories.h"
#include "support/steps.h"

namespace nexus::memory {
namespace {

class LinearMemoryFuzz : public Memories, public ::testing::WithParamInterface<Tracking> {
 protected:
  // A known image or a new one: unrelated, or an earlier one with a few changes.
  Images next_image() {
    if (known_.size() >= 24 && below(4) != 0) return known_[below(known_.size())];
    Images made;
    if (known_.empty() || below(2) == 0) {
      made = image(1 + below(40));
    } else {
      const Images& base = known_[below(known_.size())];
      std::vector<std::byte> bytes = some_bytes(1 + below(40));
      for (std::size_t page = 0; page < std::min(base->pages(), bytes.size() / kPageBytes); ++page) {
        if (below(8) == 0) continue;
        std::byte* to = bytes.data() + page * kPageBytes;
        put(to, (*base->unfold())[page], kPageBytes);
      }
      made = Image::freeze(bytes, base);
    }
    if (known_.size() < 24) {
      known_.push_back(made);
    } else {
      known_[below(known_.size())] = made;
    }
    return made;
  }

  void scribble(LinearMemory& m) {
    const std::size_t heap = below(m.size() / kPageBytes);
    for (std::size_t n = below(20); n > 0; --n) {
      const std::size_t page = below(4) == 0 ? below(m.size() / kPageBytes)
                                             : std::min(heap + below(12), m.size() / kPageBytes - 1);
      write(m, page, static_cast<unsigned char>(below(256)));
      if (below(30) != 0) continue;
      EXPECT_TRUE(m.grow_to(m.size() + (1 + below(8)) * kWasmPageBytes));
    }
  }

  std::vector<Images> known_;
};

TEST_P(LinearMemoryFuzz, IsExactlyTheImageAfterEveryReset) {
  const auto m = memory(GetParam());
  for (std::uint64_t n = 0; n < testing::steps(10'000); ++n) {
    const Images wanted = next_image();
    if (below(300) == 0) m->stop_tracking();
    ASSERT_TRUE(m->take(wanted));
    ASSERT_TRUE(wanted->equals(m->bytes())) << n;
    for (std::size_t calls = below(4); calls > 0; --calls) {
      scribble(*m);
      m->reset();
      ASSERT_TRUE(wanted->equals(m->bytes())) << n;
      ASSERT_EQ(ledger_.granted(budget::Kind::kInstances), m->charged_bytes());
    }
  }
  EXPECT_EQ(m->tracking(), GetParam());
  EXPECT_EQ(m->faults() > 0, GetParam() == Tracking::kLearnHotPages);
}

// Captures a delta from one memory and restores it into another with a different history.
TEST_P(LinearMemoryFuzz, DeltaReproducesBytesInAnotherMemory) {
  const auto from = memory(GetParam()), to = memory();
  for (std::uint64_t n = 0; n < testing::steps(2'000); ++n) {
    const Images shared = next_image();
    ASSERT_TRUE(to->take(next_image()));
    scribble(*to);
    to->reset();
    ASSERT_TRUE(from->take(shared) && to->take(shared));
    scribble(*from);
    const std::vector<std::byte> before(from->bytes().begin(), from->bytes().end());
    auto taken = take_delta(*from);
    ASSERT_TRUE(taken);
    Delta& delta = *taken;
    if (random_() % 2 == 0) delta.compress();
    ASSERT_TRUE(apply(delta, *to));
    ASSERT_EQ(before.size(), to->size());
    ASSERT_EQ(std::memcmp(before.data(), to->base(), before.size()), 0) << n;
    std::size_t differing = 0;
    for (std::size_t page = 0; page < before.size() / kPageBytes; ++page) {
      differing += shared->unfold()->equals(page, before.data() + page * kPageBytes) ? 0 : 1;
    }
    ASSERT_EQ(delta.pages(), differing) << "a full comparison finds the same pages";
    from->reset();
    to->reset();
    ASSERT_TRUE(from->is_pristine() && to->is_pristine());
  }
}

// The same, checked in the captured memory, early and late in learning its hot pages.
TEST_P(LinearMemoryFuzz, CaptureLeavesTheImage) {
  const auto from = memory(GetParam()), to = memory();
  for (std::uint64_t n = 0; n < testing::steps(500); ++n) {
    const Images shared = next_image();
    ASSERT_TRUE(from->take(shared) && to->take(shared));
    for (std::size_t calls = below(20); calls > 0; --calls) {
      scribble(*from);
      from->reset();
    }
    scribble(*from);
    const std::size_t dead = below(shared->pages() + 1) * kPageBytes;
    const std::vector<std::byte> before(from->bytes().begin(), from->bytes().end());
    auto capture = DeltaCapture::begin(*from, dead / kPageBytes, ledger_);
    ASSERT_TRUE(capture);
    for (Result<bool> is_more = true; *is_more;) {
      is_more = capture->go_on();
      ASSERT_TRUE(is_more);
    }
    const std::size_t put_back_from = capture->put_back_from();
    ASSERT_EQ(put_back_from, dead / kPageBytes);
    ASSERT_TRUE(std::equal(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(dead), from->base()));
    from->reset(put_back_from);
    ASSERT_TRUE(from->is_pristine()) << n;
    ASSERT_TRUE(apply(std::move(*capture).finish(), *to));
    ASSERT_EQ(to->size(), before.size());
    ASSERT_EQ(std::memcmp(to->base() + dead, before.data() + dead, before.size() - dead), 0) << n;
    to->reset();
    ASSERT_TRUE(to->is_pristine()) << n;
  }
}

INSTANTIATE_TEST_SUITE_P(BothWays, LinearMemoryFuzz,
                         ::testing::Values(Tracking::kLearnHotPages, Tracking::kCopyEverything),
                         [](const auto& way) {
                           return way.param == Tracking::kLearnHotPages ? "LearnHotPages" : "CopyEverything";
                         });

}  // namespace
}  // namespace nexus::memory
