#include "nexus/sandbox/memory/changes.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "support/steps.h"

namespace nexus::memory {
namespace {

using Page = std::array<std::byte, kPageBytes>;

struct Run {
  std::size_t first, length;
  friend bool operator==(const Run&, const Run&) = default;
};

// The definition of changes.h, byte by byte.
std::vector<Run> plain_runs(const Page& page, const Page& before) {
  std::vector<Run> runs;
  for (std::size_t at = 0; at < kPageBytes; ++at) {
    if (page[at] == before[at]) continue;
    if (!runs.empty() && at < runs.back().first + runs.back().length + 16) {
      runs.back().length = at + 1 - runs.back().first;
    } else {
      runs.push_back({at, 1});
    }
  }
  return runs;
}

std::vector<Run> runs_of(std::span<const std::byte> changes) {
  std::vector<Run> runs;
  for_each_change(changes, [&](std::size_t, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      std::array<std::uint16_t, 2> head;
      std::memcpy(head.data(), bytes.data(), sizeof head);
      runs.push_back({head[0], head[1]});
      bytes = bytes.subspan(sizeof head + head[1]);
    }
  });
  return runs;
}

class ChangesTest : public ::testing::Test {
 protected:
  // Appends the changes after other bytes, checks the runs, applies and undoes them.
  void expect_runs(const Page& page, const Page& before) {
    std::vector<std::byte> changes(3, std::byte{0x7f});
    append_changes(changes, 5, page.data(), before.data());
    const auto added = std::span(changes).subspan(3);
    ASSERT_EQ(runs_of(added), plain_runs(page, before));
    ASSERT_TRUE(changed_pages(added, 6));
    Page other = before;
    for_each_change(added, [&](std::size_t index, std::span<const std::byte> runs) {
      EXPECT_EQ(index, 5U);
      put_runs(other.data(), runs);
      ASSERT_EQ(other, page);
      undo_runs(other.data(), runs, before.data());
    });
    ASSERT_EQ(other, before);
  }
  Page changed_at(std::initializer_list<std::size_t> places) {
    Page page = before_;
    for (const std::size_t at : places)
      page[at] ^= std::byte{0x80};
    return page;
  }

  std::mt19937_64 random_{11};
  Page before_ = [this] {
    Page page;
    for (std::byte& byte : page)
      byte = static_cast<std::byte>(random_());
    return page;
  }();
};

TEST_F(ChangesTest, RunsAreMergedAcrossLessThanSixteenEqualBytes) {
  for (const std::size_t at : {0UL, 1UL, 40UL, 47UL, 48UL, 60UL, 63UL, 64UL, 500UL, 511UL, 512UL, 4000UL}) {
    for (std::size_t gap = 1; gap < 40; ++gap) {
      const Page page = changed_at({at, at + 1 + gap});
      EXPECT_EQ(plain_runs(page, before_).size(), gap < 16 ? 1U : 2U);
      expect_runs(page, before_);
    }
  }
}

TEST_F(ChangesTest, FirstByteLastByteAndWholePage) {
  expect_runs(before_, before_);
  expect_runs(changed_at({0}), before_);
  expect_runs(changed_at({kPageBytes - 1}), before_);
  expect_runs(changed_at({0, kPageBytes - 1}), before_);
  Page all = before_;
  for (std::byte& byte : all)
    byte ^= std::byte{1};
  expect_runs(all, before_);
  std::vector<std::byte> changes;
  append_changes(changes, 0, all.data(), before_.data());
  EXPECT_EQ(changes.size(), kMostChangedPageBytes);
}

TEST_F(ChangesTest, AgreesWithPlainComparison) {
  for (std::uint64_t n = 0; n < testing::steps(5'000); ++n) {
    Page page = before_;
    const std::uint64_t one_in = 1 + random_() % (n % 2 == 0 ? 8 : 400);
    const std::size_t first = random_() % kPageBytes, end = first + random_() % (kPageBytes - first + 1);
    for (std::size_t at = first; at < end; ++at) {
      if (random_() % one_in == 0) page[at] = static_cast<std::byte>(random_());
    }
    expect_runs(page, before_);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace nexus::memory
