// The socket that Beast's WebSocket stream uses. Reads come from the real socket. Writes (the response to the upgrade,
// pongs, closes) go into the frame queue, so that our frames and Beast's never wait for each other. Beast writes each
// of its frames in one call, so each enters the queue whole.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <memory>
#include <string>

#include "nexus/front/websocket/frame_queue.h"

namespace nexus::websocket {

class WebSocketLayer {
 public:
  using executor_type = Executor;

  // `already_read`: bytes that the client sent after its request.
  WebSocketLayer(std::shared_ptr<FrameQueue> queue, std::string already_read)
      : queue_(std::move(queue)), already_read_(std::move(already_read)) {}

  executor_type get_executor() const { return queue_->socket().get_executor(); }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    queue_->push(Frame::raw(boost::beast::buffers_to_string(buffers)));
    return asio::buffer_size(buffers);
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, ErrorCondition& error) {
    error.clear();
    return write_some(buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCondition, std::size_t)>(
        [this](auto handler, std::size_t bytes) { this->complete(std::move(handler), bytes); }, token,
        write_some(buffers));
  }

  // Beast never calls the synchronous functions, because the request of the upgrade was read already.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return queue_->socket().read_some(buffers);
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, ErrorCondition& error) {
    return queue_->socket().read_some(buffers, error);
  }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCondition, std::size_t)>(
        [this](auto handler, const Buffers& room) {
          if (already_read_.empty()) return queue_->socket().async_read_some(room, std::move(handler));
          const std::size_t bytes = asio::buffer_copy(room, asio::buffer(already_read_));
          already_read_.erase(0, bytes);
          if (already_read_.empty()) already_read_.shrink_to_fit();
          this->complete(std::move(handler), bytes);
        },
        token, buffers);
  }

  friend void beast_close_socket(WebSocketLayer& layer) { layer.queue_->close(); }
  // Leaves the end of the connection to the client object, which may still have frames to send.
  friend void teardown(boost::beast::role_type, WebSocketLayer&, ErrorCondition& error) { error.clear(); }
  template <class Handler>
  friend void async_teardown(boost::beast::role_type, WebSocketLayer& layer, Handler&& handler) {
    asio::post(layer.get_executor(),
               boost::beast::bind_front_handler(std::forward<Handler>(handler), ErrorCondition()));
  }

 private:
  template <class Handler>
  void complete(Handler handler, std::size_t bytes) {
    asio::post(get_executor(), boost::beast::bind_front_handler(std::move(handler), ErrorCondition(), bytes));
  }

  std::shared_ptr<FrameQueue> queue_;
  std::string already_read_;
};

}  // namespace nexus::websocket
