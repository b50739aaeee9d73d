#include "nexus/server/websocket_frame.h"

namespace nexus::server {
namespace {

// RFC 6455, section 5.2: the last and only frame of a message, and its length in 7, 16 or 64 bits.
std::string text_head(std::uint64_t size) {
  constexpr char kText = '\x81';
  const int bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  std::string head{kText, static_cast<char>(bytes == 0 ? size : bytes == 2 ? 126 : 127)};
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    head += static_cast<char>((size >> shift) & 0xff);
  return head;
}

}  // namespace

FramePtr text_frame(std::string text, budget::Ledger& ledger) {
  auto frame = std::make_shared<Frame>();
  frame->head = text_head(text.size());
  frame->payload = std::move(text);
  frame->held = ledger.open(budget::Kind::kBuffers);
  const std::uint64_t bytes = sizeof(Frame) + frame->payload.capacity();
  if (!frame->held.grow_to(bytes)) {
    frame->held.set_to(bytes);
    frame->is_unpaid = true;
  }
  return frame;
}

FramePtr raw_frame(std::string bytes) {
  auto frame = std::make_shared<Frame>();
  frame->payload = std::move(bytes);
  return frame;
}

const FramePtr& ping_frame() {
  static const FramePtr frame = raw_frame({'\x89', '\0'});
  return frame;
}

}  // namespace nexus::server
