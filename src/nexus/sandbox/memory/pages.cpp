#include "nexus/sandbox/memory/pages.h"

#include <array>
#include <cassert>
#include <cstring>

namespace nexus::memory {
namespace {

constexpr std::array<std::byte, kPageBytes> kZeros{};

bool is_zero(const std::byte* page) { return std::memcmp(page, kZeros.data(), kPageBytes) == 0; }

}  // namespace

void put(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (from != nullptr) {
    std::memcpy(to, from, bytes);
  } else {
    std::memset(to, 0, bytes);
  }
}

Pages::Pages(std::span<const std::byte> memory) : table_(memory.size() / kPageBytes, nullptr) {
  assert(memory.size() % kPageBytes == 0);
  std::size_t kept = 0;
  for (std::size_t page = 0; page < table_.size(); ++page)
    kept += !is_zero(memory.data() + page * kPageBytes);
  own_.resize(kept * kPageBytes);
  std::byte* to = own_.data();
  for (std::size_t page = 0; page < table_.size(); ++page) {
    const std::byte* from = memory.data() + page * kPageBytes;
    if (is_zero(from)) continue;
    std::memcpy(to, from, kPageBytes);
    table_[page] = to;
    to += kPageBytes;
  }
}

std::size_t Pages::bytes_for(const PageSet& own) {
  return own.count() * kPageBytes + own.pages() * sizeof(table_[0]) + sizeof(Pages);
}

Pages::Pages(std::shared_ptr<const Pages> base, const PageSet& own, budget::Grant grant)
    : base_(std::move(base)), own_(own.count() * kPageBytes), table_(own.pages()), grant_(std::move(grant)) {
  std::byte* to = own_.data();
  for (std::size_t page = 0; page < table_.size(); ++page) {
    const std::byte* from = (*base_)[page];
    table_[page] = from;
    if (!own.contains(page)) continue;
    if (from != nullptr) std::memcpy(to, from, kPageBytes);
    table_[page] = to;
    to += kPageBytes;
  }
}

const std::byte* Pages::content(std::size_t page) const {
  const std::byte* kept = (*this)[page];
  return kept != nullptr ? kept : kZeros.data();
}

bool Pages::equals(std::size_t page, const std::byte* bytes) const {
  return std::memcmp(bytes, content(page), kPageBytes) == 0;
}

std::size_t Pages::bytes() const { return own_.size() + table_.size() * sizeof(table_[0]) + sizeof *this; }

}  // namespace nexus::memory
