#include "nexus/sandbox/memory/changes.h"

#include <emmintrin.h>

#include <array>
#include <bit>

#include "nexus/foundation/base/units.h"

namespace nexus::memory {
namespace {

// Changes closer than this form one run: a run's header costs 4 bytes and about 4 ns.
constexpr std::size_t kMaxGapBytes = 16;

struct ChangedRun {
  std::uint16_t offset;
  std::uint16_t length;
};

// Removes a value from the start of `bytes`; nullopt if there are too few bytes.
template <class T>
std::optional<T> cut(std::span<const std::byte>& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return value;
}

// Equal stretches are skipped in pieces of this size, compared by memcmp, then in blocks.
constexpr std::size_t kPieceBytes = 512;
constexpr std::size_t kBlockBytes = 64;
static_assert(kPageBytes % kPieceBytes == 0 && kPieceBytes % kBlockBytes == 0);

bool is_same_piece(const std::byte* a, const std::byte* b) { return std::memcmp(a, b, kPieceBytes) == 0; }

// One bit per byte of a block, the first byte's lowest.
using Bytes64 = std::uint64_t;

// The bytes of the block that differ.
Bytes64 difference(const std::byte* a, const std::byte* b) {
  Bytes64 same = 0;
#pragma GCC unroll 4
  for (std::size_t at = 0; at < kBlockBytes; at += sizeof(__m128i)) {
    const __m128i of_a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(a + at));
    const __m128i of_b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b + at));
    same |= Bytes64{static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(of_a, of_b)))} << at;
  }
  return ~same;
}

// The starts of runs of at least kMaxGapBytes equal bytes; bytes after the block count as equal.
Bytes64 gaps(Bytes64 differs) {
  Bytes64 same = ~differs;
  for (std::size_t length = 1; length < kMaxGapBytes; length *= 2)
    same &= same >> length | ~(~Bytes64{0} >> length);
  return same;
}

static_assert(std::has_single_bit(kMaxGapBytes) && kMaxGapBytes < kBlockBytes);
static_assert(sizeof(ChangedRun) < kMaxGapBytes);
static_assert(kMostChangedPageBytes == sizeof(ChangedPage) + sizeof(ChangedRun) + kPageBytes);

// Writes the runs of a page; joins changes that are closer than kMaxGapBytes.
class RunWriter {
 public:
  RunWriter(std::byte* out, const std::byte* page) : out_(out), page_(page) {}

  // Adds a differing stretch. REQUIRES: it lies after all earlier ones.
  void add(std::size_t first, std::size_t end) {
    if (end_ != 0 && first < end_ + kMaxGapBytes) {
      end_ = end;
      return;
    }
    put();
    first_ = first;
    end_ = end;
  }
  std::byte* finish() {
    put();
    return out_;
  }

 private:
  void put() {
    if (end_ == 0) return;
    const ChangedRun run{static_cast<std::uint16_t>(first_), static_cast<std::uint16_t>(end_ - first_)};
    std::memcpy(out_, &run, sizeof run);
    std::memcpy(out_ + sizeof run, page_ + first_, run.length);
    out_ += sizeof run + run.length;
  }

  std::byte* out_;
  const std::byte* page_;
  std::size_t first_ = 0;
  std::size_t end_ = 0;  // 0 before the first run
};

// Writes the runs to `out`; returns their end.
std::byte* put_differences(std::byte* out, const std::byte* page, const std::byte* before) {
  RunWriter runs(out, page);
  for (std::size_t piece = 0; piece < kPageBytes; piece += kPieceBytes) {
    if (is_same_piece(page + piece, before + piece)) continue;
    for (std::size_t block = piece; block < piece + kPieceBytes; block += kBlockBytes) {
      Bytes64 differs = difference(page + block, before + block);
      const Bytes64 gap_begins = gaps(differs);
      while (differs != 0) {
        const int first = std::countr_zero(differs);
        const Bytes64 from_first = ~Bytes64{0} << first;
        const int end = std::countr_zero(gap_begins & from_first);  // the end of the block if there is no gap
        runs.add(block + static_cast<std::size_t>(first), block + static_cast<std::size_t>(end));
        if (end == static_cast<int>(kBlockBytes)) break;
        differs &= ~Bytes64{0} << end;
      }
    }
  }
  return runs.finish();
}

// True if `bytes` are the complete, ordered runs of one page.
bool are_runs(std::span<const std::byte> bytes) {
  for (std::size_t end = 0; !bytes.empty();) {
    const auto run = cut<ChangedRun>(bytes);
    if (!run || run->length == 0 || run->length > bytes.size()) return false;
    if (run->offset < end || run->offset + run->length > kPageBytes) return false;
    end = run->offset + run->length;
    bytes = bytes.subspan(run->length);
  }
  return true;
}

}  // namespace

void append_changes(std::vector<std::byte>& out, std::size_t index, const std::byte* page,
                    const std::byte* before) {
  std::array<std::byte, kMostChangedPageBytes> whole;  // not initialised: most of it is never used
  std::byte* const runs = whole.data() + sizeof(ChangedPage);
  std::byte* const end = put_differences(runs, page, before);
  if (end == runs) return;
  const ChangedPage changed{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(end - runs)};
  std::memcpy(whole.data(), &changed, sizeof changed);
  out.insert(out.end(), whole.data(), end);
}

std::optional<PageSet> changed_pages(std::span<const std::byte> changes, std::size_t pages) {
  PageSet changed_ones(pages);
  for (std::size_t next = 0; !changes.empty();) {
    const auto changed = cut<ChangedPage>(changes);
    if (!changed || changed->page < next || changed->page >= pages || changed->bytes > changes.size())
      return std::nullopt;
    if (!are_runs(changes.first(changed->bytes))) return std::nullopt;
    changed_ones.add(changed->page);
    next = changed->page + 1;
    changes = changes.subspan(changed->bytes);
  }
  return changed_ones;
}

void put_runs(std::byte* page, std::span<const std::byte> runs) {
  while (const auto run = cut<ChangedRun>(runs)) {
    std::memcpy(page + run->offset, runs.data(), run->length);
    runs = runs.subspan(run->length);
  }
}

void undo_runs(std::byte* page, std::span<const std::byte> runs, const std::byte* before) {
  while (const auto run = cut<ChangedRun>(runs)) {
    std::memcpy(page + run->offset, before + run->offset, run->length);
    runs = runs.subspan(run->length);
  }
}

}  // namespace nexus::memory
