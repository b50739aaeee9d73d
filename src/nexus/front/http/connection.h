// One client's connection. It reads a request, writes the response, and then reads the next one.
//
//   idle ──first byte──► reading ──complete──► serving ──► writing ──► idle, or lingering ──► closed
//    │ idle_ms              │ read_ms: 408        (no limit here)  │ write_ms            │ linger_ms
//    └── closed             └────────────────────────────────────────────────────────────┘
//
// Requests arm no timers: sweep() checks the deadlines of all connections a few times a second.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/front/http/service.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// The limits of all connections of a server. Times are as coarse as the sweep.
struct ConnectionRules {
  std::uint64_t body_limit_bytes = 1 << 20;
  std::uint32_t header_limit_bytes = 16 << 10;
  // Between requests. Longer than the 60 s of common proxies, so that the proxy closes first.
  std::int64_t idle_ms = 75'000;
  std::int64_t read_ms = 30'000;   // from the first byte of a request to its last
  std::int64_t write_ms = 30'000;  // for a client that is slow to take the response
  std::int64_t linger_ms = 2'000;  // for a rejected client to read the response
  bool logs_access = false;        // a line for each request
};

// The requests that a port accepts.
enum class Port : std::uint8_t {
  kAll,         // HTTP and upgrades to WebSocket
  kWebSockets,  // upgrades only
};

// The time, which the sweep updates for all connections of a loop.
struct LoopTime {
  std::int64_t now_ms = 0;
  std::string date;  // for the Date header
};

// "127.0.0.1:3000", "[::1]:3000"
std::string authority_of(const asio::ip::tcp::endpoint& endpoint);

// The least charge for a connection: the object, its coroutine, its buffers while requests and responses are small, and
// the kernel's part. Measured with a thousand connections.
inline constexpr std::uint64_t kConnectionBytes = 16 << 10;

class Connection {
 public:
  Connection(Socket socket, Port port, Service& service, const ConnectionRules& rules, const LoopTime& time,
             budget::Ledger& ledger);

  // Serves the connection; ends when it is closed.
  Task<void> run();

  // Ends the current phase if its deadline has passed.
  void sweep();
  // Serves the current request, and no further one.
  void drain();

 private:
  enum class Phase : std::uint8_t { kIdle, kReading, kServing, kWriting, kLingering };
  enum class Next : std::uint8_t { kServe, kRefused, kClosed };

  void enter(Phase phase, std::int64_t limit_ms);
  Task<Next> read_request();
  Task<void> serve();
  std::optional<Next> parse(RequestParser& parser);
  Next refuse(ErrorCode code, std::string message, unsigned status);
  Next refuse(Error error, unsigned status);
  std::uint64_t bytes_held() const;
  std::optional<Next> pay_for_body();
  void pay_for_response();
  void give_back_buffers();
  Task<bool> fill_buffer();
  bool take_what_is_there();
  Task<bool> write(std::array<asio::const_buffer, 2> parts);
  void begin_request();
  void log_access();
  Task<void> linger();
  void hand_over();
  void close();

  Socket socket_;
  Port port_;
  Service& service_;
  const ConnectionRules& rules_;
  const LoopTime& time_;
  budget::Grant held_;
  std::optional<Error> unpaid_;  // why the ledger rejected the connection: its first request gets this error
  boost::beast::flat_buffer buffer_;
  Request request_;
  Response response_;
  std::int64_t deadline_ms_ = 0;
  TimerClock::time_point began_;  // of the request; set only when access is logged
  Phase phase_ = Phase::kIdle;
  bool head_checked_ = false;
  bool is_late_ = false;
  bool is_draining_ = false;
};

}  // namespace nexus::http
