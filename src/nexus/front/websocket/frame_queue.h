// The frames for one client, and the socket that they are sent to. Frames of one turn of the loop are sent in one
// write.
//
//   push() ──► frames ──end of the turn──► write ──► done, or the rest waits until the socket is writable
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "nexus/front/websocket/websocket_frame.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::websocket {

class FrameQueue : public std::enable_shared_from_this<FrameQueue> {
 public:
  FrameQueue(Socket socket, budget::Ledger& ledger)
      : socket_(std::move(socket)), held_(ledger.open(budget::Kind::kBuffers)) {}

  Socket& socket() { return socket_; }

  // Does nothing after close().
  void push(Frame frame);
  // Drops all frames behind the one that is being sent, or is the next.
  void drop_waiting();
  // Sends what the socket takes now, and not at the end of the turn.
  void send_now();
  // Ends our side of the connection as soon as all frames are sent.
  void finish();
  void close();

  // Bytes behind the frame that is being sent.
  std::uint64_t waiting_bytes() const;
  bool is_empty() const { return first_ == frames_.size(); }

 private:
  void post_flush();
  void wait_for_room();
  void flush();
  void remove(std::size_t sent);

  Socket socket_;
  budget::Grant held_;  // for the queue itself, not for its messages
  std::vector<Frame> frames_;
  std::size_t first_ = 0;          // index in frames_ of the first frame that is not completely sent
  std::size_t sent_of_first_ = 0;  // bytes of it that are sent
  std::uint64_t bytes_ = 0;        // of all frames, with their fixed costs
  bool is_flush_due_ = false;
  bool is_finishing_ = false;
  bool is_closed_ = false;
};

}  // namespace nexus::websocket
