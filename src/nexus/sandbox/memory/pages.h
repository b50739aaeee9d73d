// The pages of a memory at one moment, each at an address of its own.
//
//   table   ─┬─► null            a page of zeros: nothing is kept for it
//            ├─► base's page     shared with it
//            └─► own page        kept here
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/page_set.h"

namespace nexus::memory {

// Immutable once it is made; shared between threads.
class Pages {
 public:
  // Copies `memory`, whose size is a multiple of kPageBytes.
  explicit Pages(std::span<const std::byte> memory);
  // Those of `base`, as many as there are in `own`, but for those that are in it: they are zeros, or copies of base's, for
  // the maker to change. It holds what they were granted.
  Pages(std::shared_ptr<const Pages> base, const PageSet& own, budget::Grant grant = {});
  // What the second way keeps for itself.
  static std::size_t bytes_for(const PageSet& own);

  std::size_t count() const { return table_.size(); }
  // Null: zeros, as is all beyond the end.
  const std::byte* operator[](std::size_t page) const {
    return page < table_.size() ? table_[page] : nullptr;
  }
  // The same, but never null.
  const std::byte* content(std::size_t page) const;
  bool equals(std::size_t page, const std::byte* bytes) const;
  std::size_t own_pages() const { return own_.size() / kPageBytes; }
  std::size_t bytes() const;  // what it keeps for itself, its base excluded

  // For its maker, before it is shared: the own pages in order.
  std::span<std::byte> own() { return own_; }

 private:
  std::shared_ptr<const Pages> base_;
  std::vector<std::byte> own_;
  std::vector<const std::byte*> table_;
  budget::Grant grant_;
};

// Null stands for zeros.
void put(std::byte* to, const std::byte* from, std::size_t bytes);

}  // namespace nexus::memory
