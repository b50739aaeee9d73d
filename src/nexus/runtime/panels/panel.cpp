#include "nexus/runtime/panels/panel.h"

#include "nexus/foundation/base/end_reason.h"
#include "nexus/runtime/panels/footprint.h"

namespace nexus::panels {

Panel::Panel(Definition definition, std::uint64_t version, std::uint32_t max_waiting, std::int64_t now_ms,
             budget::Grant held)
    : held_(std::move(held)),
      id_(definition.id),
      state_(std::exchange(definition.initial_state, {})),
      definition_(std::make_shared<const Definition>(std::move(definition))),
      turns_(max_waiting),
      version_(version),
      created_ms_(now_ms),
      last_activity_ms_(now_ms) {
  charge();
}

// Never rejected: the bytes of a change were paid for as part of the journal.
void Panel::charge() {
  if (held_.ledger() != nullptr) held_.set_to(footprint(state_));
}

void Panel::commit(Journal& journal, std::int64_t now_ms) noexcept {
  last_activity_ms_ = now_ms;
  if (journal.mutations.empty()) return;
  state_.apply(journal.mutations);
  ++version_;
  charge();
}

void Panel::replace(Definition definition, std::int64_t now_ms) {
  definition.initial_state = {};
  definition_ = std::make_shared<const Definition>(std::move(definition));
  last_activity_ms_ = now_ms;
  ++version_;
}

void Panel::remove() {
  is_removed_ = true;
  turns_.close(not_started(EndReason::kPanelDeleted));
  state_ = {};
  definition_ = std::make_shared<const Definition>();
  charge();
}

}  // namespace nexus::panels
