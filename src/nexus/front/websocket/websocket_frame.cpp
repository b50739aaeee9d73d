#include "nexus/front/websocket/websocket_frame.h"

namespace nexus::websocket {

// RFC 6455, section 5.2: a single, final frame, with its length in 7, 16 or 64 bits.
Frame::Frame(subscribers::SharedTextPtr text) : payload_(std::move(text)) {
  constexpr char kText = '\x81';
  const std::uint64_t size = payload_->text.size();
  const int length_bytes = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  head_[head_bytes_++] = kText;
  head_[head_bytes_++] = static_cast<char>(length_bytes == 0 ? size : length_bytes == 2 ? 126 : 127);
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8)
    head_[head_bytes_++] = static_cast<char>((size >> shift) & 0xff);
}

Frame Frame::raw(std::string bytes) {
  auto shared = std::make_shared<subscribers::SharedText>();
  shared->text = std::move(bytes);
  Frame frame;
  frame.payload_ = std::move(shared);
  return frame;
}

const Frame& ping_frame() {
  static const Frame frame = Frame::raw({'\x89', '\0'});
  return frame;
}

}  // namespace nexus::websocket
