#include "nexus/front/websocket/frame_queue.h"

#include <array>
#include <span>

namespace nexus::websocket {
namespace {

constexpr std::size_t kMostParts = 64;  // passed to the kernel in one call
constexpr std::uint64_t kEntryBytes =
    64;  // the fixed cost of a frame, so that a million empty ones are charged
constexpr std::size_t kMostKeptEntries = 16;

std::uint64_t cost_of(const Frame& frame) { return frame.size() + kEntryBytes; }

}  // namespace

void FrameQueue::push(Frame frame) {
  if (is_closed_) return;
  bytes_ += cost_of(frame);
  frames_.push_back(std::move(frame));
  if (frames_.capacity() > kMostKeptEntries) held_.set_to(frames_.capacity() * sizeof(Frame));
  post_flush();
}

void FrameQueue::drop_waiting() {
  const std::size_t kept = std::min(first_ + 1, frames_.size());
  for (std::size_t at = kept; at < frames_.size(); ++at)
    bytes_ -= cost_of(frames_[at]);
  frames_.erase(frames_.begin() + static_cast<std::ptrdiff_t>(kept), frames_.end());
}

std::uint64_t FrameQueue::waiting_bytes() const { return is_empty() ? 0 : bytes_ - cost_of(frames_[first_]); }

void FrameQueue::send_now() {
  is_flush_due_ = false;
  flush();
}

void FrameQueue::finish() {
  is_finishing_ = true;
  flush();
}

void FrameQueue::close() {
  if (std::exchange(is_closed_, true)) return;
  ErrorCondition ignored;
  socket_.close(ignored);
  frames_ = {};
  first_ = bytes_ = 0;
  held_.set_to(0);
}

void FrameQueue::post_flush() {
  if (std::exchange(is_flush_due_, true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->is_flush_due_ = false;
    self->flush();
  });
}

void FrameQueue::wait_for_room() {
  is_flush_due_ = true;
  socket_.async_wait(asio::socket_base::wait_write, [self = shared_from_this()](const ErrorCondition& error) {
    self->is_flush_due_ = false;
    if (!error) self->flush();
  });
}

// Errors are ignored here: the reader of the socket sees them too, and closes the client.
void FrameQueue::flush() {
  if (is_closed_ || is_flush_due_) return;
  if (!is_empty()) {
    std::array<asio::const_buffer, kMostParts> parts;
    std::size_t count = 0, skip = sent_of_first_, total = 0;
    for (std::size_t at = first_; at < frames_.size() && count + 2 <= kMostParts; ++at) {
      for (const std::string_view text : {frames_[at].head(), frames_[at].payload()}) {
        const std::size_t done = std::min(skip, text.size());
        skip -= done;
        if (done < text.size()) parts[count++] = asio::buffer(text.data() + done, text.size() - done);
        total += text.size() - done;
      }
    }
    ErrorCondition error;
    const std::size_t sent = socket_.write_some(std::span(parts.data(), count), error);
    if (error && error != asio::error::would_block) return close();
    remove(sent);
    if (sent < total) return wait_for_room();
    if (!is_empty()) return post_flush();
  }
  ErrorCondition ignored;
  if (is_finishing_) socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void FrameQueue::remove(std::size_t sent) {
  sent_of_first_ += sent;
  while (!is_empty() && sent_of_first_ >= frames_[first_].size()) {
    sent_of_first_ -= frames_[first_].size();
    bytes_ -= cost_of(frames_[first_]);
    frames_[first_++].release();
  }
  if (!is_empty() && first_ * 2 < frames_.size()) return;
  frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
  if (frames_.empty() && frames_.capacity() > kMostKeptEntries) {
    frames_ = {};
    held_.set_to(0);
  }
}

}  // namespace nexus::websocket
