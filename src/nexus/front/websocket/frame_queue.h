// The frames that wait for one client, and the socket that they go to: those of one turn of the loop in one write.
//
//   push() ──► frames ──end of the turn──► write ──► done, or what the kernel did not take waits for the socket
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

  // After close() this does nothing.
  void push(Frame frame);
  // Those of which not a byte has been sent.
  void drop_waiting();
  // Tells the client that nothing more comes, as soon as all is sent.
  void finish();
  void close();

  // Behind the frame that is being sent.
  std::uint64_t waiting_bytes() const;
  bool is_empty() const { return first_ == frames_.size(); }

 private:
  void post_flush();
  void wait_for_room();
  void flush();
  void remove(std::size_t sent);

  Socket socket_;
  budget::Grant held_;  // for the list, not for what is in it
  std::vector<Frame> frames_;
  std::size_t first_ = 0;          // of frames_ that has not been sent whole
  std::size_t sent_of_first_ = 0;  // its bytes that have been
  std::uint64_t bytes_ = 0;        // of all of them, each with what it costs to keep
  bool is_flush_due_ = false;
  bool is_finishing_ = false;
  bool is_closed_ = false;
};

}  // namespace nexus::websocket
