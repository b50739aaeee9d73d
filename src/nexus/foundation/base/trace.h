// What a caller says that its request belongs to, for logs and for services that handlers call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace nexus {

struct Trace {
  std::string request_id;  // X-Request-Id, or made for it
  std::string parent;      // traceparent (W3C Trace Context, level 1); empty: none was sent
  std::string state;       // tracestate

  bool empty() const { return request_id.empty() && parent.empty(); }
  std::size_t bytes() const { return request_id.size() + parent.size() + state.size(); }
  // The 32 digits that all requests of one trace have.
  std::string_view id() const { return std::string_view(parent).substr(parent.empty() ? 0 : 3, 32); }
  void clear() {
    request_id.clear();
    parent.clear();
    state.clear();
  }
};

inline constexpr std::size_t kMostRequestIdBytes = 128, kMostTraceStateBytes = 512;

// Visible ASCII characters.
bool is_request_id(std::string_view text);
bool is_trace_parent(std::string_view text);
// The traceparent for a request that is made on behalf of one that came with `parent`: of the same trace, from the span `own`.
std::string child_of(std::string_view parent, std::uint64_t own);

}  // namespace nexus
