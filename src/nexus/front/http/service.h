// The interfaces between HTTP connections and the API behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "nexus/foundation/base/error.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/front/http/websocket_upgrade.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// Serves requests. Thread safety: called only on the loop's thread.
class Service {
 public:
  virtual ~Service() = default;
  // The table of endpoints; it must live as long as the service. The connection looks a request up once, after its
  // first line.
  virtual Routes routes() const { return {}; }
  // Called when the head is complete, before the body is read: an error is sent at once, without reading the body.
  // Stores what it learns about the caller in `request`.
  virtual std::optional<Error> refuse_head(Request& request) = 0;
  // Fills `response` in before it returns, or in the returned coroutine when it has to wait. Both arguments stay valid
  // until then.
  virtual std::optional<Task<void>> serve(const Request& request, Response& response) = 0;
  // Takes the connection of a request whose response was 101.
  virtual void take_over(Upgrade) {}
  // Adds the headers that all responses to this request have. Not called after serve(), which adds them itself.
  virtual void add_headers(const Request&, Response&) {}
  // Called for each request that is rejected before serve(). Returns the error to respond with.
  virtual Error count_refusal(Error error) = 0;
  // Called for each response before it is sent, including responses to malformed requests.
  virtual void count_response(const Request& request, unsigned status) = 0;
};

// The runtime behind a server, which runs and ends together with its connections. Thread safety: called only on the
// loop's thread.
class Backend {
 public:
  virtual ~Backend() = default;
  // To be called a few times a second.
  virtual void tick(std::int64_t now_ms) = 0;
  // Rejects new work and lets running work end. Calls `progressed` when is_idle() may have changed.
  virtual void drain(std::function<void()> progressed) = 0;
  // Ends all remaining work now.
  virtual void abort() = 0;
  virtual bool is_idle() const = 0;
  // Connections that have left HTTP.
  virtual std::size_t connections() const = 0;
};

}  // namespace nexus::http
