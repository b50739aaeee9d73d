// The trace that a request belongs to, for logs and for the services that handlers call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nexus {

struct Trace {
  std::string request_id;  // from X-Request-Id, or generated
  std::string parent;      // traceparent (W3C Trace Context, level 1); empty if the request has none
  std::string state;       // tracestate

  bool empty() const { return request_id.empty() && parent.empty(); }
  std::size_t bytes() const { return request_id.size() + parent.size() + state.size(); }
  // The trace id: 32 hex digits, the same in all requests of a trace.
  std::string_view id() const { return std::string_view(parent).substr(parent.empty() ? 0 : 3, 32); }
  void clear() {
    request_id.clear();
    parent.clear();
    state.clear();
  }
};

inline constexpr std::size_t kMostRequestIdBytes = 128, kMostTraceStateBytes = 512;

// True for 1 to kMostRequestIdBytes visible ASCII characters.
bool is_request_id(std::string_view text);
bool is_trace_parent(std::string_view text);
// The traceparent of an outgoing request: in the trace of `parent`, with `own` as its span id.
std::string child_of(std::string_view parent, std::uint64_t own);

}  // namespace nexus
