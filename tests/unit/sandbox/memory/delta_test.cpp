#include "nexus/sandbox/memory/delta.h"

#include <gtest/gtest.h>

#include "memories.h"

namespace nexus::memory {
namespace {

class DeltaTest : public Memories {
 protected:
  Delta take(LinearMemory& memory, std::size_t dead_pages = 0) {
    before_.assign(memory.bytes().begin(), memory.bytes().end());
    auto taken = take_delta(memory, dead_pages);
    EXPECT_TRUE(taken.has_value());
    return *std::move(taken);
  }
  static void expect_equal(const LinearMemory& a, const LinearMemory& b) {
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(std::memcmp(a.base(), b.base(), a.size()), 0);
  }
  // Expects the content of the memory that was captured last.
  void expect_as_taken(const LinearMemory& memory) {
    ASSERT_EQ(memory.size(), before_.size());
    EXPECT_EQ(std::memcmp(memory.base(), before_.data(), before_.size()), 0);
  }

  std::vector<std::byte> before_;
};

TEST_F(DeltaTest, PristineMemoryHasEmptyDelta) {
  const auto a = memory(), b = memory();
  const auto shared = image(4);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  write(*a, 9);
  a->reset();  // hot, but equal to the image
  const Delta delta = take(*a);
  EXPECT_EQ(delta.pages(), 0U);
  EXPECT_LT(delta.bytes(), 200U);
  ASSERT_TRUE(apply(delta, *b));
  EXPECT_TRUE(b->is_pristine());
}

TEST_F(DeltaTest, HoldsOnlyWrittenPages) {
  const auto a = memory(), b = memory();
  const auto shared = image(4);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  for (const std::size_t page : {0, 7, 30, 63})
    write(*a, page);
  const Delta delta = take(*a);
  EXPECT_EQ(delta.pages(), 4U);
  EXPECT_LT(delta.bytes(), 300U) << "one byte of each page";
  EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), delta.bytes());
  EXPECT_TRUE(a->is_pristine()) << "what was taken is put back";
  a->reset();
  EXPECT_TRUE(a->is_pristine());
  ASSERT_TRUE(apply(delta, *b));
  ASSERT_TRUE(apply(delta, *a));  // a delta can be restored any number of times
  expect_equal(*a, *b);
  b->reset();
  EXPECT_TRUE(b->is_pristine()) << "what was put in is known to be hot";
}

TEST_F(DeltaTest, OmitsDeadPages) {
  const auto a = memory(), b = memory();
  const auto shared = image(4);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  write(*a, 3);
  write(*a, 4);
  const Delta delta = take(*a, 4);
  EXPECT_EQ(delta.pages(), 1U);
  a->reset();
  write(*a, 4);
  ASSERT_TRUE(apply(delta, *b));
  expect_equal(*a, *b);
}

TEST_F(DeltaTest, CompressedRestoresSameBytes) {
  const auto a = memory(), b = memory();
  const auto shared = image(4);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  ASSERT_TRUE(a->grow_to(8 * kWasmPageBytes));
  const Running running(*a);
  for (const std::size_t page : {2, 20, 21, 90})
    std::memset(a->base() + page * kPageBytes + 100, 0x11, 3000);
  Delta delta = take(*a);
  const std::size_t raw = delta.bytes();
  EXPECT_GT(raw, 12'000U);
  delta.compress();
  EXPECT_TRUE(delta.is_compressed());
  EXPECT_LT(delta.bytes(), raw / 10);
  EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), delta.bytes());
  ASSERT_TRUE(apply(delta, *b));
  expect_as_taken(*b);
}

// A bug: the working buffers were as large as the whole delta, and not charged.
TEST_F(DeltaTest, LargeDeltaIsGrantedAndCompressedInParts) {
  const auto a = memory(), b = memory();
  const auto shared = image(2);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  ASSERT_TRUE(a->grow_to(64 * kWasmPageBytes));
  {
    const Running running(*a);
    for (std::size_t page = 10; page < 60 * kWasmPageBytes / kPageBytes; ++page) {
      auto* const at = reinterpret_cast<unsigned char*>(a->base() + page * kPageBytes);
      // Some parts do not compress.
      for (std::size_t i = 0; i < kPageBytes; ++i)
        at[i] = static_cast<unsigned char>(page % 300 < 200 ? page : random_());
    }
  }
  Delta delta = take(*a);
  EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), delta.bytes());
  const std::size_t raw = delta.bytes();
  std::size_t looked_at = 0, turns = 0;
  while (const std::size_t bytes = delta.compress_some()) {
    EXPECT_LE(bytes, 256U << 10);
    looked_at += bytes;
    EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), delta.bytes());
    if (++turns % 5 != 0) continue;
    ASSERT_TRUE(apply(delta, *b));
    expect_as_taken(*b);
    b->reset();
  }
  EXPECT_TRUE(delta.is_compressed());
  EXPECT_GT(looked_at, raw - 10'000);
  EXPECT_GT(turns, 10U);
  EXPECT_LT(delta.bytes(), raw / 2);
  ASSERT_TRUE(apply(delta, *b));
  expect_as_taken(*b);

  ledger_.set_limit(ledger_.state().accounts.granted() + (1 << 20));
  EXPECT_FALSE(take_delta(*a)) << "only a third of its parts";
  EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), delta.bytes());
}

TEST_F(DeltaTest, CapturesAndRestoresInSteps) {
  const auto a = memory(), b = memory();
  const auto shared = image(2);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  ASSERT_TRUE(a->grow_to(400 * kWasmPageBytes));
  for (std::size_t page = 0; page < 1000; ++page)
    write(*a, page);
  {
    const Running running(*a);
    std::memset(a->base() + 200 * kWasmPageBytes, 0x11, 40 * kWasmPageBytes);
  }
  const std::vector<std::byte> before(a->bytes().begin(), a->bytes().end());
  auto capture = DeltaCapture::begin(*a, 3, ledger_);
  ASSERT_TRUE(capture);
  std::size_t turns = 0, bytes = ledger_.granted(budget::Kind::kSuspended);
  for (Result<bool> is_more = true; *is_more; ++turns) {
    is_more = capture->go_on();
    ASSERT_TRUE(is_more);
    const std::size_t now = ledger_.granted(budget::Kind::kSuspended);
    EXPECT_LE(now - std::exchange(bytes, now), (256U << 10) + 100);
  }
  const Delta delta = std::move(*capture).finish();
  EXPECT_GE(turns, 40 * kWasmPageBytes / (256U << 10) + 4)
      << "by what is kept, and by what is only looked at";
  EXPECT_EQ(bytes, delta.bytes());
  EXPECT_EQ(delta.pages(), 1000U - 3 + 40 * kWasmPageBytes / kPageBytes);

  ASSERT_TRUE(delta.make_room_in(*b));
  EXPECT_EQ(b->size(), a->size());
  for (std::size_t part = 0; part < delta.parts(); ++part)
    ASSERT_TRUE(delta.restore_part(*b, part));
  EXPECT_EQ(
      std::memcmp(before.data() + 3 * kPageBytes, b->base() + 3 * kPageBytes, b->size() - 3 * kPageBytes), 0);
}

TEST_F(DeltaTest, CaptureFailsWithoutGrant) {
  const auto a = memory();
  ASSERT_TRUE(a->take(image(4)));
  write(*a, 3);
  ledger_.set_limit(ledger_.granted(budget::Kind::kInstances) + ledger_.granted(budget::Kind::kImages) + 50);
  const auto refused = take_delta(*a);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().limit->layer, "budget");
  EXPECT_EQ(ledger_.granted(budget::Kind::kSuspended), 0U);
}

TEST_F(DeltaTest, CapturesGrownMemory) {
  const auto a = memory(), b = memory();
  const auto shared = image(2);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  ASSERT_TRUE(a->grow_to(10 * kWasmPageBytes));
  write(*a, 3);
  write(*a, 100);
  const Delta delta = take(*a);
  EXPECT_EQ(delta.pages(), 2U) << "grown pages of zeros cost nothing";
  EXPECT_EQ(delta.memory_bytes(), 10 * kWasmPageBytes);
  ASSERT_TRUE(apply(delta, *b));
  expect_as_taken(*b);
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), a->charged_bytes() + b->charged_bytes());
  EXPECT_GE(b->charged_bytes(), 2 * kPageBytes + 8 * kWasmPageBytes)
      << "what was written, and all that has grown";
}

TEST_F(DeltaTest, RestoreFailsWholeWhenMemoryCannotGrow) {
  const auto a = memory(), b = memory();
  const auto shared = image(2);
  ASSERT_TRUE(a->take(shared) && b->take(shared));
  ASSERT_TRUE(a->grow_to(6 * kWasmPageBytes));
  write(*a, 3);
  const Delta delta = take(*a);

  b->set_limit(5 * kWasmPageBytes);
  auto refused = apply(delta, *b);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kMemoryLimit);
  EXPECT_EQ(refused.error().limit,
            (LimitReached{"handler", "memoryLimitBytes", 5 * kWasmPageBytes, 6 * kWasmPageBytes}));
  EXPECT_TRUE(b->is_pristine());

  b->reset();
  b->set_limit(kReservationBytes);
  ledger_.set_limit(ledger_.granted(budget::Kind::kInstances) + 3 * kWasmPageBytes);
  refused = apply(delta, *b);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(refused.error().limit->layer, "budget");
  EXPECT_TRUE(b->is_pristine());
}

TEST_F(DeltaTest, RestoreRejectsAnotherImage) {
  const auto a = memory(), b = memory();
  ASSERT_TRUE(a->take(image(2)) && b->take(image(2)));
  write(*a, 3);
  const Delta delta = take(*a);
  const auto refused = apply(delta, *b);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInternalError);
  EXPECT_TRUE(b->is_pristine());
  EXPECT_FALSE(apply(delta, *memory())) << "none at all";
}

TEST_F(DeltaTest, RestoresOverRebuiltImage) {
  const auto a = memory(), b = memory();
  const auto bytes = some_bytes(2);
  ASSERT_TRUE(a->take(Image::freeze(bytes, nullptr)) && b->take(Image::freeze(bytes, image(1))));
  write(*a, 3);
  ASSERT_TRUE(apply(take(*a), *b));
  expect_as_taken(*b);
}

}  // namespace
}  // namespace nexus::memory
