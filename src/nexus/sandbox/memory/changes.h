// Differences between pages, byte by byte: images store their changes against the base, deltas those against their
// image.
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

// A page that differs everywhere: one run, because a second run's header costs more than it saves.
inline constexpr std::size_t kMostChangedPageBytes =
    sizeof(ChangedPage) + 2 * sizeof(std::uint16_t) + kPageBytes;

// Appends the differences of `page` from `before`; nothing if they are equal. About 0.2 us.
void append_changes(std::vector<std::byte>& out, std::size_t index, const std::byte* page,
                    const std::byte* before);

// The changed pages; nullopt if `changes` is not a complete, ordered list of changes for a memory of `pages` pages.
std::optional<PageSet> changed_pages(std::span<const std::byte> changes, std::size_t pages);

// Writes the runs of one page into `page`.
void put_runs(std::byte* page, std::span<const std::byte> runs);

// Restores the bytes of `before` in the runs of one page.
void undo_runs(std::byte* page, std::span<const std::byte> runs, const std::byte* before);

// Calls `look` with each page's index and runs, in order. REQUIRES: `changes` comes from append_changes().
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
