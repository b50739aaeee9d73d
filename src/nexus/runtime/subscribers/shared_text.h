// A message for several subscribers: rendered once, freed when the last of them has sent it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nexus/foundation/budget/ledger.h"

namespace nexus::subscribers {

// Immutable.
struct SharedText {
  std::string text;
  budget::Grant held{};  // kBuffers
  // The ledger rejected the bytes of the text. A subscriber with unsent messages must then drop the text, not queue it.
  bool is_unpaid = false;
};
using SharedTextPtr = std::shared_ptr<const SharedText>;

inline SharedTextPtr share_text(std::string text, budget::Ledger& ledger) {
  auto shared = std::make_shared<SharedText>();
  shared->text = std::move(text);
  shared->held = ledger.open(budget::Kind::kBuffers);
  const std::uint64_t bytes = sizeof(SharedText) + shared->text.capacity();
  if (!shared->held.grow_to(bytes)) {
    shared->held.set_to(bytes);
    shared->is_unpaid = true;
  }
  return shared;
}

}  // namespace nexus::subscribers
