// A text for several readers, made once and kept until the last of them has it.
#pragma once

#include <memory>
#include <string>

#include "nexus/foundation/budget/ledger.h"

namespace nexus::subscribers {

// Immutable.
struct SharedText {
  std::string text;
  budget::Grant held{};  // kBuffers
  // The ledger had no room for the text: a reader that is behind already must not keep it as well.
  bool is_unpaid = false;
};
using SharedTextPtr = std::shared_ptr<const SharedText>;

SharedTextPtr share_text(std::string text, budget::Ledger& ledger);

}  // namespace nexus::subscribers
