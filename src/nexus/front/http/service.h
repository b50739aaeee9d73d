// What a connection hands its requests to.
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

// Called on the loop's thread alone.
class Service {
 public:
  virtual ~Service() = default;
  // What it serves, valid as long as the service; a request is matched against it once, when its first line has been read.
  virtual Routes routes() const { return {}; }
  // Called when the head is complete, before the body is: a refusal is answered at once, without the body.
  // What it has found out about the caller is kept in the request.
  virtual std::optional<Error> refuse_head(Request& request) = 0;
  // Fills the response in: now, or by the returned coroutine for what has to wait. Both stay valid until then.
  virtual std::optional<Task<void>> serve(const Request& request, Response& response) = 0;
  // Takes over the connection of a request that serve() has answered with 101.
  virtual void take_over(Upgrade) {}
  // Adds the headers that every response to this request has. serve() has done so when it is done.
  virtual void add_headers(const Request&, Response&) {}
  // Called for each request that never got to serve(), with the reason; gives what it is to be told.
  virtual Error count_refusal(Error error) = 0;
  // Called for every response before it is sent, also to what is no request at all.
  virtual void count_response(const Request& request, unsigned status) = 0;
};

// What runs behind a server's connections, and is kept going and ended together with them. Called on the loop's thread alone.
class Backend {
 public:
  virtual ~Backend() = default;
  // A few times a second.
  virtual void tick(std::int64_t now_ms) = 0;
  // Takes no more work and lets what runs end. Calls `progressed` when is_idle() may have changed.
  virtual void drain(std::function<void()> progressed) = 0;
  // The time to end is over.
  virtual void abort() = 0;
  virtual bool is_idle() const = 0;
  // That have left HTTP.
  virtual std::size_t connections() const = 0;
};

}  // namespace nexus::http
