// A server that sends exactly what a test says, byte by byte if necessary. Each connection has a thread.
#pragma once

#include <boost/asio.hpp>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace nexus::extensions {

namespace asio = boost::asio;
using asio::ip::tcp;

// An event that has or has not happened yet.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = false;
};

// One connection, as a test's script sees it.
class Peer {
 public:
  explicit Peer(tcp::socket socket) : socket_(std::move(socket)) {}

  // The next request, head and body. None: the client has closed.
  std::optional<std::string> read() {
    boost::system::error_code error;
    const std::size_t head = asio::read_until(socket_, asio::dynamic_buffer(in_), "\r\n\r\n", error);
    if (error) return std::nullopt;
    const std::size_t all = head + length_in(in_.substr(0, head));
    if (in_.size() < all)
      asio::read(socket_, asio::dynamic_buffer(in_), asio::transfer_exactly(all - in_.size()), error);
    if (error) return std::nullopt;
    std::string request = in_.substr(0, all);
    in_.erase(0, all);
    return request;
  }
  bool write(std::string_view text) {
    boost::system::error_code error;
    asio::write(socket_, asio::buffer(text), error);
    return !error;
  }
  // Sends a response with its length.
  bool response(std::string_view body, std::string_view headers = {}, std::string_view status = "200 OK") {
    return write("HTTP/1.1 " + std::string(status) + "\r\n" + std::string(headers) +
                 "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
  }
  // Ends the connection by a reset.
  void reset() {
    const std::lock_guard lock(mutex_);
    boost::system::error_code unused;
    socket_.set_option(asio::socket_base::linger(true, 0), unused);
    socket_.close(unused);
  }
  // Waits until the client has closed.
  void wait_for_end() {
    boost::system::error_code error;
    char byte = 0;
    while (!error)
      socket_.read_some(asio::buffer(&byte, 1), error);
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    ::shutdown(socket_.native_handle(), SHUT_RDWR);
  }

 private:
  static std::size_t length_in(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
  }

  std::mutex mutex_;  // guards the end of the socket
  tcp::socket socket_;
  std::string in_;
};

class HttpServer {
 public:
  using Script = std::function<void(Peer&)>;

  explicit HttpServer(Script script)
      : script_(std::move(script)), acceptor_(loop_, {asio::ip::address_v4::loopback(), 0}) {
    thread_ = std::thread([this] { accept(); });
  }
  // Calls `reply` for each request of each connection.
  static Script each(std::function<void(Peer&, const std::string& request)> reply) {
    return [reply = std::move(reply)](Peer& peer) {
      while (const auto request = peer.read())
        reply(peer, *request);
    };
  }
  ~HttpServer() {
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
    {
      const std::lock_guard lock(mutex_);
      for (Peer& peer : peers_)
        peer.stop();
    }
    for (std::thread& thread : threads_)
      thread.join();
  }

  std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  std::string url(const std::string& path = "/") const { return "http://127.0.0.1:" + port() + path; }
  std::size_t connections() {
    const std::lock_guard lock(mutex_);
    return peers_.size();
  }

 private:
  void accept() {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket = acceptor_.accept(error);
      if (error) return;
      const std::lock_guard lock(mutex_);
      Peer& peer = peers_.emplace_back(std::move(socket));
      threads_.emplace_back([this, &peer] {
        script_(peer);
        peer.stop();
      });
    }
  }

  Script script_;
  asio::io_context loop_;
  tcp::acceptor acceptor_;
  std::thread thread_;
  std::mutex mutex_;
  std::list<Peer> peers_;
  std::vector<std::thread> threads_;
};

}  // namespace nexus::extensions
