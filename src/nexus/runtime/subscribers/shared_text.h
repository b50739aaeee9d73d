// A message for several subscribers: rendered once, freed when the last of them has sent it.
#pragma once

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

SharedTextPtr share_text(std::string text, budget::Ledger& ledger);

}  // namespace nexus::subscribers
