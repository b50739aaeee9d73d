// The interface of an extension, which handlers call as $ext.NAME.METHOD(...). To add one, implement this interface in
// a file of its own and pass the object to the server at the start.
//
//   handler: await $ext.mail.send(to, text)          the segment ends, its changes are committed
//   loop:    start({id, "send", ["ada@…","hi"]}) ──► begins, returns at once; no instance is held
//   later:   settlements.settle(id, {kValue, "{…}"}) ──► the handler continues behind its await
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/trace.h"
#include "nexus/foundation/model/call_answer.h"

namespace nexus::extensions {

// Identifies one call. A process never uses a value twice.
enum class CallId : std::uint64_t {};

// The outcome of a call.
struct Settlement {
  using Kind = CallAnswer::Kind;  // kValue, kError, kExpired
  Kind kind = Kind::kValue;
  // kValue: the value of the promise, as JSON in UTF-8. Otherwise the error that the handler catches: {"name":
  // "HttpError", "message": "...", ...}; further members become its properties.
  std::string json;
};

class Settlements {
 public:
  virtual ~Settlements() = default;
  // Thread-safe; may be called from within start(). Ignored when the call is unknown, cancelled, or settled already.
  virtual void settle(CallId id, Settlement settlement) = 0;
};

// A call of a handler. The views are valid during start() only.
struct Call {
  CallId id;
  std::string_view method;       // one of methods()
  std::string_view args_json;    // checked JSON, an array
  std::string_view panel;        // id of the handler's panel, to share fairly between panels
  const Trace* trace = nullptr;  // trace context of the request; null: none
};

// The suspension of a call that has begun.
struct Started {
  std::optional<std::uint64_t> ttl_ms;  // lifetime of the suspension; none: SUSPENSION_TTL_MS
  std::string data_json;                // shown in lists of suspensions; empty: nothing
};

// Thread safety: several loops call it at once.
class Extension {
 public:
  virtual ~Extension() = default;
  virtual std::string_view name() const = 0;  // [a-z][A-Za-z0-9]*
  virtual std::vector<std::string_view> methods() const = 0;
  // Begins the call and returns soon, without waiting. A call with wrong arguments is settled with an error.
  virtual Started start(const Call& call, Settlements& settlements) = 0;
  // Ends a call whose execution was cancelled: release what the call holds. A settlement that arrives later is ignored.
  virtual void cancel(CallId id) = 0;
};

// A settlement with the error {"name":NAME,"message":MESSAGE}.
Settlement error_settlement(std::string_view name, std::string_view message);

}  // namespace nexus::extensions
