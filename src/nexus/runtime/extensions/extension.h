// What handlers reach as $ext.NAME.METHOD(...): the outside world. Whoever adds an extension implements this interface in a
// file of their own and hands it to the server at the start.
//
//   handler: await $ext.mail.send(to, text)          the segment ends, its changes are committed
//   loop:    start({id, "send", ["ada@…","hi"]}) ──► begins, returns at once; no instance is held
//   later:   settlements.settle(id, {kValue, "{…}"}) ──► the handler goes on behind its await
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/trace.h"
#include "nexus/foundation/model/call_answer.h"

namespace nexus::extensions {

// One call of one execution; never used again by this process.
enum class CallId : std::uint64_t {};

// What became of a call.
struct Settlement {
  using Kind = CallAnswer::Kind;  // kValue, kError, kExpired
  Kind kind = Kind::kValue;
  // kValue: what the promise is fulfilled with, one JSON value in UTF-8. Otherwise the error that the handler catches:
  // {"name": "HttpError", "message": "...", ...}; further members become properties of it.
  std::string json;
};

class Settlements {
 public:
  virtual ~Settlements() = default;
  // Thread-safe; may be called within start(). A call that is unknown, cancelled or settled already is ignored.
  virtual void settle(CallId id, Settlement settlement) = 0;
};

// A call as a handler made it. The views are valid during start() only.
struct Call {
  CallId id;
  std::string_view method;       // one of methods()
  std::string_view args_json;    // a JSON array, checked
  std::string_view panel;        // whose panel it is, for fairness between them
  const Trace* trace = nullptr;  // of the request that it is made for; null: none
};

// What is known of a call once it has begun.
struct Started {
  std::optional<std::uint64_t> ttl_ms;  // of the suspension, when it is not the server's SUSPENSION_TTL_MS
  std::string data_json;                // shown to those who list suspensions; empty: nothing
};

// Called by several loops at once.
class Extension {
 public:
  virtual ~Extension() = default;
  virtual std::string_view name() const = 0;  // [a-z][A-Za-z0-9]*
  virtual std::vector<std::string_view> methods() const = 0;
  // Begins the call and returns soon, without waiting for anything. What is wrong with it is a settlement too.
  virtual Started start(const Call& call, Settlements& settlements) = 0;
  // Nobody waits for it any more: what it held is let go. Its settlement, should it be in progress, is ignored.
  virtual void cancel(CallId id) = 0;
};

// {"name":NAME,"message":MESSAGE} as a settlement.
Settlement error_settlement(std::string_view name, std::string_view message);

}  // namespace nexus::extensions
