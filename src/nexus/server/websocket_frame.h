// What goes to WebSocket clients: a text that is made once, however many of them get it.
#pragma once

#include <memory>
#include <string>

#include "nexus/budget/ledger.h"

namespace nexus::server {

// Frames of a server are not masked, so that their bytes are the same for every client. Immutable.
struct Frame {
  std::string head, payload;
  budget::Grant held{};  // kBuffers
  // The ledger had no room for it: who is behind already must not keep it as well.
  bool is_unpaid = false;

  std::size_t size() const { return head.size() + payload.size(); }
};
using FramePtr = std::shared_ptr<const Frame>;

// One whole text message.
FramePtr text_frame(std::string text, budget::Ledger& ledger);
// Bytes that are frames already. Not charged: they are few.
FramePtr raw_frame(std::string bytes);
// A ping without a payload, the same one for all.
const FramePtr& ping_frame();

}  // namespace nexus::server
