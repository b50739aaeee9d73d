// The pages of a memory at one moment, addressed separately.
//
//   table   ─┬─► null            a zero page: not stored
//            ├─► base's page     shared with the base
//            └─► own page        stored here
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/page_set.h"

namespace nexus::memory {

// Immutable once made; shared between threads.
class Pages {
 public:
  // Copies `memory`, whose size is a multiple of kPageBytes.
  explicit Pages(std::span<const std::byte> memory);
  // The pages of `base`, with copies for the pages in `own`: zeros or the base's content, which the maker then
  // changes. Holds `grant`.
  Pages(std::shared_ptr<const Pages> base, const PageSet& own, budget::Grant grant = {});
  // The bytes that the second constructor keeps.
  static std::size_t bytes_for(const PageSet& own);

  std::size_t count() const { return table_.size(); }
  // Null for a zero page, and beyond the end.
  const std::byte* operator[](std::size_t page) const {
    return page < table_.size() ? table_[page] : nullptr;
  }
  // Never null.
  const std::byte* content(std::size_t page) const;
  bool equals(std::size_t page, const std::byte* bytes) const;
  std::size_t own_pages() const { return own_.size() / kPageBytes; }
  std::size_t bytes() const;  // kept for itself, without its base

  // The own pages in order, for the maker to fill before sharing.
  std::span<std::byte> own() { return own_; }

 private:
  std::shared_ptr<const Pages> base_;
  std::vector<std::byte> own_;
  std::vector<const std::byte*> table_;
  budget::Grant grant_;
};

// Copies; a null `from` writes zeros.
void put(std::byte* to, const std::byte* from, std::size_t bytes);

}  // namespace nexus::memory
