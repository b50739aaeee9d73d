// /executions and /suspensions: lists and reads executions, cancels them, and settles their suspensions.
#pragma once

#include <expected>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/prefer.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/executions/executions.h"

namespace nexus::api {

// Executions of panels that the caller may not see look as if they did not exist. Thread safety: none; it belongs to
// one loop.
class ExecutionResource {
 public:
  // `most_wait`: the longest that a request may wait.
  ExecutionResource(executions::Executions& executions, metrics::Probes& probes,
                    std::chrono::milliseconds most_wait)
      : executions_(executions), probes_(probes), most_wait_(most_wait) {}

  // Responds when the execution has ended, or when the time that the client wants to wait is over, counted from
  // `since_ms` of the executions' clock.
  Task<void> respond_when_ready(executions::ExecutionPtr execution, std::int64_t since_ms,
                                const http::Request& request, WithLogs with_logs, http::Response& response);

  Task<void> describe(const http::Request& request, http::Response& response);
  Task<void> resume(const http::Request& request, http::Response& response);
  using Outcome = std::expected<void, ErrorResponse>;
  Outcome cancel(const http::Request& request, http::Response& response);
  Outcome list(const http::Request& request, http::Response& response) const;
  Outcome list_suspensions(const http::Request& request, http::Response& response) const;

 private:
  executions::ExecutionPtr find(const http::Request& request) const;
  // The time that the server waits for a client that prefers `wait_s` seconds.
  std::chrono::milliseconds at_most(std::uint64_t wait_s) const;
  void add_preference_applied(const http::Preferences& preferences, http::Response& response) const;

  executions::Executions& executions_;
  metrics::Probes& probes_;
  std::chrono::milliseconds most_wait_;
};

}  // namespace nexus::api
