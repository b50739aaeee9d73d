// Shared by the tests of linear memories: an arena, a ledger, the SIGSEGV handler (which the engine normally
// installs), and images of random bytes.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <random>
#include <string>

#include "nexus/sandbox/memory/delta.h"
#include "nexus/sandbox/memory/linear_memory.h"
#include "nexus/sandbox/memory/write_faults.h"
#include "support/sandbox.h"

namespace nexus::memory {

class Memories : public ::testing::Test {
 protected:
  using Images = std::shared_ptr<const Image>;

  std::unique_ptr<LinearMemory> memory(Tracking tracking = Tracking::kLearnHotPages) {
    auto made = LinearMemory::create(*arena_, ledger_, tracking);
    EXPECT_TRUE(made.has_value());
    (*made)->set_limit(kReservationBytes);
    return std::move(*made);
  }

  // `wasm_pages` wasm pages, about half of whose pages are zeros.
  std::vector<std::byte> some_bytes(std::size_t wasm_pages) {
    std::vector<std::byte> bytes(wasm_pages * kWasmPageBytes);
    for (std::size_t page = 0; page < bytes.size() / kPageBytes; ++page) {
      if (random_() % 2 == 0)
        std::memset(bytes.data() + page * kPageBytes, static_cast<int>(1 + random_() % 255), kPageBytes);
    }
    return bytes;
  }
  Images image(std::size_t wasm_pages, Images base = nullptr) {
    return Image::freeze(some_bytes(wasm_pages), std::move(base));
  }

  // Writes as the guest does: on this thread, in its memory.
  static void write(LinearMemory& memory, std::size_t page, unsigned char value = 0xa5) {
    const Running running(memory);
    // Keeps the compiler from assuming that this write cannot fault.
    auto* volatile at = memory.base() + page * kPageBytes + 17;
    *at = std::byte{value};
  }

  // The kernel's figure, without its shared zero page.
  static std::size_t resident_bytes(const LinearMemory& memory) {
    const auto begin = reinterpret_cast<std::uintptr_t>(memory.base());
    std::ifstream mappings("/proc/self/smaps");
    std::size_t kib = 0;
    bool is_inside = false;
    for (std::string line; std::getline(mappings, line);) {
      std::uintptr_t from = 0;
      if (line.find('-') < line.find(' ')) {
        from = std::stoull(line, nullptr, 16);
        is_inside = from >= begin && from < begin + kReservationBytes;
      } else if (is_inside && line.starts_with("Rss:")) {
        kib += std::stoull(line.substr(4));
      }
    }
    return kib * 1024;
  }

  // Captures in as many steps as needed.
  Result<Delta> take_delta(LinearMemory& memory, std::size_t dead_pages = 0) {
    NEXUS_TRY(auto capture, DeltaCapture::begin(memory, dead_pages, ledger_));
    for (bool is_more = true; is_more;) {
      NEXUS_TRY(is_more, capture.go_on());
    }
    return std::move(capture).finish();
  }
  static Result<void> apply(const Delta& delta, LinearMemory& memory) {
    auto applied = delta.make_room_in(memory);
    for (std::size_t part = 0; applied && part < delta.parts(); ++part)
      applied = delta.restore_part(memory, part);
    return applied;
  }

  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

  std::mt19937_64 random_{7};
  testing::BoundedLedger ledger_;
  std::unique_ptr<Arena> arena_ = *Arena::create(8);
  std::unique_ptr<WriteFaults> faults_ = *WriteFaults::install(*arena_);
};

}  // namespace nexus::memory
