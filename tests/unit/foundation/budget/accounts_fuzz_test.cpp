// Random grants, compared with a naive twin that keeps each grant and sums them for every question.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>

#include "nexus/foundation/budget/accounts.h"
#include "support/steps.h"

namespace nexus::budget {
namespace {

struct Holding {
  Kind kind;
  std::uint64_t bytes;
};

class NaiveAccounts {
 public:
  std::uint64_t total = kUnlimited;
  std::uint64_t headroom = 0;
  Shares shares{};
  std::list<Holding> holdings;

  std::uint64_t granted(Kind kind) const {
    std::uint64_t sum = 0;
    for (const Holding& one : holdings)
      sum += one.kind == kind ? one.bytes : 0;
    return sum;
  }

  // True if, after adding `bytes`, every other kind can still have the larger of its granted bytes and its least.
  bool fits(Kind kind, std::uint64_t bytes, Need need) const {
    std::uint64_t needed = need == Need::kGrowth ? headroom : 0;
    for (std::size_t k = 0; k < kKindCount; ++k) {
      const auto other = static_cast<Kind>(k);
      needed += other == kind ? granted(kind) + bytes : std::max(granted(other), shares[k].least);
    }
    const bool is_nothing = bytes == 0;  // always granted
    return is_nothing ||
           (needed <= total && granted(kind) + bytes <= shares[static_cast<std::size_t>(kind)].most);
  }
};

class AccountsFuzz {
 public:
  explicit AccountsFuzz(std::uint64_t seed) : random_(seed) { change_bounds(); }

  void step() {
    switch (below(12)) {
      case 0:
        change_bounds();
        break;
      case 1:
        put();
        break;
      case 2:
      case 3:
      case 4:
      case 5:
        give_back();
        break;
      default:
        take();
    }
    for (std::size_t k = 0; k < kKindCount; ++k)
      ASSERT_EQ(accounts_.granted(static_cast<Kind>(k)), twin_.granted(static_cast<Kind>(k)));
    const Kind kind = some_kind();
    const Need need = some_need();
    const std::uint64_t free = accounts_.free_for(kind, need);
    ASSERT_TRUE(twin_.fits(kind, free, need));
    ASSERT_FALSE(twin_.fits(kind, free + 1, need));
  }

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  Need some_need() { return below(2) == 0 ? Need::kStart : Need::kGrowth; }
  Kind some_kind() { return static_cast<Kind>(below(kKindCount)); }

  void change_bounds() {
    twin_.total = below(2000);
    for (Share& share : twin_.shares) {
      share.least = below(3) == 0 ? below(200) : 0;
      share.most = below(3) == 0 ? below(600) : 5000;
    }
    twin_.headroom = below(3) == 0 ? below(300) : 0;
    accounts_.set(twin_.total, twin_.shares, twin_.headroom);
  }

  void take() {
    const Kind kind = some_kind();
    const std::uint64_t bytes = below(400);
    const Need need = some_need();
    const bool is_granted = accounts_.take(kind, bytes, need);
    ASSERT_EQ(is_granted, twin_.fits(kind, bytes, need)) << bytes;
    if (is_granted) twin_.holdings.push_back({kind, bytes});
  }

  void put() {
    const Holding one{some_kind(), below(300)};
    accounts_.put(one.kind, one.bytes);
    twin_.holdings.push_back(one);
  }

  void give_back() {
    if (twin_.holdings.empty()) return;
    const auto one =
        std::next(twin_.holdings.begin(), static_cast<std::ptrdiff_t>(below(twin_.holdings.size())));
    const std::uint64_t bytes = below(2) == 0 ? one->bytes : below(one->bytes + 1);
    accounts_.give_back(one->kind, bytes);
    one->bytes -= bytes;
    if (one->bytes == 0) twin_.holdings.erase(one);
  }

  std::mt19937_64 random_;
  Accounts accounts_;
  NaiveAccounts twin_;
};

TEST(AccountsFuzz, AgreesWithNaiveTwin) {
  const std::uint64_t steps = testing::steps(1'000'000);
  AccountsFuzz fuzz(20260601);
  for (std::uint64_t i = 0; i < steps && !::testing::Test::HasFatalFailure(); ++i)
    fuzz.step();
}

TEST(Accounts, SumsSaturate) {
  Accounts accounts;
  EXPECT_TRUE(accounts.take(Kind::kServer, kUnlimited));
  EXPECT_FALSE(accounts.take(Kind::kImages, 1));
  accounts.put(Kind::kImages, kUnlimited);
  EXPECT_EQ(accounts.granted(), kUnlimited);
  EXPECT_EQ(accounts.free_for(Kind::kCache), 0u);
}

}  // namespace
}  // namespace nexus::budget
