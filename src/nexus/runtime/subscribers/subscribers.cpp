#include "nexus/runtime/subscribers/subscribers.h"

namespace nexus::subscribers {

void Subscribers::join(panels::Panel& panel, Subscriber& one) {
  by_panel_[&panel].push_back(&one);
  panel.client_joined();
  ++probes_.ws_clients;
}

void Subscribers::leave(panels::Panel& panel, Subscriber& one) {
  const auto found = by_panel_.find(&panel);
  if (found == by_panel_.end() || std::erase(found->second, &one) == 0) return;
  if (found->second.empty()) by_panel_.erase(found);
  panel.client_left();
  --probes_.ws_clients;
}

const Subscribers::All* Subscribers::of(const panels::Panel& panel) const {
  if (panel.clients() == 0) return nullptr;
  const auto found = by_panel_.find(&panel);
  return found == by_panel_.end() ? nullptr : &found->second;
}

void Subscribers::committed(const panels::Panel& panel, const Journal& journal) {
  const All* const all = of(panel);
  if (all == nullptr) return;
  if (!journal.mutations.empty()) patch(*all, journal, panel.version() + 1);
  for (const Event& one : journal.events)
    event(*all, one);
}

// A replacement increments the version, so a subscriber that counts versions needs a message with the new one.
void Subscribers::replaced(const panels::Panel& panel) {
  const All* const all = of(panel);
  if (all == nullptr) return;
  const SharedTextPtr message = shared(patch_message({}, panel.version(), Topics()));
  for (Subscriber* one : *all) {
    if (one->topics().wants_whole_state()) one->send(message);
  }
}

void Subscribers::removed(const panels::Panel& panel) {
  const All* const all = of(panel);
  if (all == nullptr) return;
  for (Subscriber* one : *all)
    one->on_panel_removed();
}

void Subscribers::progressed(const panels::Panel& panel, const Progress& progress) {
  const All* const all = of(panel);
  if (all == nullptr) return;
  const SharedTextPtr message = shared(progress_message(progress, {}));
  for (Subscriber* one : *all) {
    if (one->topics().are_all()) one->send(message);
  }
}

void Subscribers::patch(const All& all, const Journal& journal, std::uint64_t version) {
  SharedTextPtr whole;
  for (Subscriber* one : all) {
    if (one->topics().wants_whole_state()) {
      if (!whole) whole = shared(patch_message(journal.mutations, version, Topics()));
      one->send(whole);
    } else if (std::string part = patch_message(journal.mutations, version, one->topics()); !part.empty()) {
      one->send(shared(std::move(part)));
    }
  }
}

void Subscribers::event(const All& all, const Event& event) {
  SharedTextPtr message;
  for (Subscriber* one : all) {
    if (!one->topics().wants_event(event.name)) continue;
    if (!message) message = shared(event_message(event));
    one->send(message);
  }
}

}  // namespace nexus::subscribers
