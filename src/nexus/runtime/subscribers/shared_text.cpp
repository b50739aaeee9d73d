#include "nexus/runtime/subscribers/shared_text.h"

#include <cstdint>

namespace nexus::subscribers {

SharedTextPtr share_text(std::string text, budget::Ledger& ledger) {
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
