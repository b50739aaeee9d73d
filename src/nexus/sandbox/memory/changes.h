// The pages that differ from others, byte by byte: what images keep of their base's, and deltas of their image's.
//
//   │ page, bytes of runs │ offset, length │ bytes ... │ offset, length │ bytes ... │ page, ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/sandbox/memory/page_set.h"

namespace nexus::memory {

struct ChangedPage {
  std::uint32_t page;
  std::uint32_t bytes;  // of the runs that follow
};

// All of a page is changed: as one run, since what a second one would save is more than its head.
inline constexpr std::size_t kMostChangedPageBytes =
    sizeof(ChangedPage) + 2 * sizeof(std::uint16_t) + kPageBytes;

// Appends what differs between two pages, of which one is to become the other; a page without a difference adds nothing.
// About 0.2 us.
void append_changes(std::vector<std::byte>& out, std::size_t index, const std::byte* page,
                    const std::byte* before);

// The pages that are changed; nullopt when these are not changes of a memory of so many pages, in order and to the last byte.
std::optional<PageSet> changed_pages(std::span<const std::byte> changes, std::size_t pages);

// Puts the runs of one page into it.
void put_runs(std::byte* page, std::span<const std::byte> runs);

// Puts what was before where the runs of one page are.
void undo_runs(std::byte* page, std::span<const std::byte> runs, const std::byte* before);

// Calls `look` with each page's index and its runs, in order. REQUIRES: what append_changes() gave.
template <class Look>
void for_each_change(std::span<const std::byte> changes, Look look) {
  while (!changes.empty()) {
    ChangedPage changed;
    std::memcpy(&changed, changes.data(), sizeof changed);
    look(std::size_t{changed.page}, changes.subspan(sizeof changed, changed.bytes));
    changes = changes.subspan(sizeof changed + changed.bytes);
  }
}

}  // namespace nexus::memory
