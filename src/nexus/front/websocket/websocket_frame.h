// Frames to WebSocket clients. Servers do not mask frames, so the bytes are the same for every client.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "nexus/runtime/subscribers/shared_text.h"

namespace nexus::websocket {

// One frame: a head of its own, and a payload that is shared with the frames of other clients.
class Frame {
 public:
  // A complete text message.
  explicit Frame(subscribers::SharedTextPtr text);
  // Bytes that are complete frames already. Not charged, as they are few.
  static Frame raw(std::string bytes);

  std::string_view head() const { return {head_.data(), head_bytes_}; }
  std::string_view payload() const { return payload_->text; }
  // Releases the payload. REQUIRES: the frame is not used any more.
  void release() { payload_.reset(); }

  std::size_t size() const { return head_bytes_ + payload_->text.size(); }

 private:
  Frame() = default;

  std::array<char, 10> head_{};  // RFC 6455, section 5.2: at most two bytes and a length in 64 bits
  std::uint8_t head_bytes_ = 0;
  subscribers::SharedTextPtr payload_;
};

// A ping without a payload.
const Frame& ping_frame();

}  // namespace nexus::websocket
