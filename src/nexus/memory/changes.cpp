#include "nexus/memory/changes.h"

#include <array>
#include <bit>

#include "nexus/base/units.h"

namespace nexus::memory {
namespace {

// Changes closer than this are one run: its head costs 4 bytes and about 4 ns.
constexpr std::size_t kMaxGapBytes = 16;

struct ChangedRun {
  std::uint16_t offset;
  std::uint16_t length;
};

// The value at the beginning of `bytes`, which lose it; null when they are too few.
template <class T>
std::optional<T> cut(std::span<const std::byte>& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
  return value;
}

using Word = std::uint64_t;
static_assert(std::endian::native == std::endian::little && kPageBytes % sizeof(Word) == 0);

// Which bits of the eight bytes differ.
Word difference(const std::byte* a, const std::byte* b) {
  Word of_a, of_b;
  std::memcpy(&of_a, a, sizeof of_a);
  std::memcpy(&of_b, b, sizeof of_b);
  return of_a ^ of_b;
}

// What is equal is passed over in pieces of this size, as fast as the library compares, and then in blocks.
constexpr std::size_t kPieceBytes = 512;
constexpr std::size_t kBlockBytes = 64;
static_assert(kPageBytes % kPieceBytes == 0 && kPieceBytes % kBlockBytes == 0);

bool is_same_piece(const std::byte* a, const std::byte* b) { return std::memcmp(a, b, kPieceBytes) == 0; }

// By two words at a time, as SSE2 has them.
bool is_same_block(const std::byte* a, const std::byte* b) {
  using Words [[gnu::vector_size(16)]] = Word;
  Words any{};
#pragma GCC unroll 4
  for (std::size_t at = 0; at < kBlockBytes; at += sizeof(Words)) {
    Words of_a, of_b;
    std::memcpy(&of_a, a + at, sizeof of_a);
    std::memcpy(&of_b, b + at, sizeof of_b);
    any |= of_a ^ of_b;
  }
  return (any[0] | any[1]) == 0;
}

std::size_t first_byte(Word difference) { return static_cast<std::size_t>(std::countr_zero(difference)) / 8; }
std::size_t after_last_byte(Word difference) {
  return static_cast<std::size_t>(std::bit_width(difference) + 7) / 8;
}

static_assert(sizeof(ChangedRun) < kMaxGapBytes);
static_assert(kMostChangedPageBytes == sizeof(ChangedPage) + sizeof(ChangedRun) + kPageBytes);

// Writes the runs to `out`; gives their end.
std::byte* put_differences(std::byte* out, const std::byte* page, const std::byte* before) {
  for (std::size_t word = 0; word < kPageBytes;) {
    if (word % kPieceBytes == 0 && is_same_piece(page + word, before + word)) {
      word += kPieceBytes;
      continue;
    }
    if (word % kBlockBytes == 0 && is_same_block(page + word, before + word)) {
      word += kBlockBytes;
      continue;
    }
    const Word differs = difference(page + word, before + word);
    if (differs == 0) {
      word += sizeof(Word);
      continue;
    }
    const std::size_t start = word + first_byte(differs);
    std::size_t end = word + after_last_byte(differs);
    for (word += sizeof(Word); word < kPageBytes && word < end + kMaxGapBytes; word += sizeof(Word)) {
      const Word more = difference(page + word, before + word);
      if (more == 0) continue;
      if (word + first_byte(more) >= end + kMaxGapBytes) break;
      end = word + after_last_byte(more);
    }
    const ChangedRun run{static_cast<std::uint16_t>(start), static_cast<std::uint16_t>(end - start)};
    std::memcpy(out, &run, sizeof run);
    std::memcpy(out + sizeof run, page + start, run.length);
    out += sizeof run + run.length;
  }
  return out;
}

// Whether they are runs of one page, in order and to the last byte.
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

}  // namespace nexus::memory
