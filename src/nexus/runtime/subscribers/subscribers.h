// The subscribers of the panels of one loop. A message for several subscribers is rendered once.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <unordered_map>
#include <vector>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/subscribers/messages.h"
#include "nexus/runtime/subscribers/shared_text.h"

namespace nexus::subscribers {

// One subscriber. REQUIRES of implementations: no call throws, and none adds or removes a subscriber.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  virtual const Topics& topics() const = 0;
  virtual void send(const SharedTextPtr& message) = 0;
  virtual void on_panel_removed() = 0;
};

class Subscribers {
 public:
  Subscribers(budget::Ledger& ledger, metrics::Probes& probes) : ledger_(ledger), probes_(probes) {}
  Subscribers(const Subscribers&) = delete;
  Subscribers& operator=(const Subscribers&) = delete;

  // From now on `one` is notified of the panel's changes. The panel must live until `one` leaves.
  void join(panels::Panel& panel, Subscriber& one);
  void leave(panels::Panel& panel, Subscriber& one);

  // Sends the changes and events of `journal`. REQUIRES: called right before the panel commits it, in the same turn of
  // the loop. None of these functions throws.
  void committed(const panels::Panel& panel, const Journal& journal);
  // REQUIRES: called right after the replacement.
  void replaced(const panels::Panel& panel);
  void removed(const panels::Panel& panel);
  // Progress of an execution that no client of this panel started. A client that started one reports its progress
  // itself.
  void progressed(const panels::Panel& panel, const Progress& progress);

 private:
  using All = std::vector<Subscriber*>;
  const All* of(const panels::Panel& panel) const;
  void patch(const All& all, const Journal& journal, std::uint64_t version);
  void event(const All& all, const Event& event);
  SharedTextPtr shared(std::string text) { return share_text(std::move(text), ledger_); }

  budget::Ledger& ledger_;
  metrics::Probes& probes_;
  std::unordered_map<const panels::Panel*, All> by_panel_;
};

}  // namespace nexus::subscribers
