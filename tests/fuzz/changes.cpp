// The changes of a memory, of which deltas and images are made: the check refuses what could be written outside a page.
#include "nexus/sandbox/memory/changes.h"
#include "fuzz.h"

#include <algorithm>
#include <array>
#include <span>

void fuzz(std::string_view input) {
  namespace memory = nexus::memory;
  constexpr std::size_t kPages = 64;
  const auto changes = std::as_bytes(std::span(input));
  const auto pages = memory::changed_pages(changes, kPages);
  if (!pages) return;
  std::array<std::byte, nexus::kPageBytes> before{}, page{};
  std::size_t count = 0;
  memory::for_each_change(changes, [&](std::size_t index, std::span<const std::byte> runs) {
    nexus::fuzzing::require(pages->contains(index));
    memory::put_runs(page.data(), runs);
    memory::undo_runs(page.data(), runs, before.data());
    nexus::fuzzing::require(page == before);
    ++count;
  });
  nexus::fuzzing::require(count == pages->count());
}
