// /executions and /suspensions: asking for executions that wait or have waited, ending them, answering them.
#pragma once

#include <expected>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/prefer.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/executions/executions.h"

namespace nexus::api {

// Of what a caller may not see he is told that it is not there. Belongs to one loop.
class ExecutionResource {
 public:
  // No request waits for longer than `most_wait`.
  ExecutionResource(executions::Executions& executions, metrics::Probes& probes,
                    std::chrono::milliseconds most_wait)
      : executions_(executions), probes_(probes), most_wait_(most_wait) {}

  // For a call that waits: until it has ended, or as long as the client likes, counted from `since_ms` by the executions'
  // clock.
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
  // What a client gets who wants to wait for so many seconds.
  std::chrono::milliseconds at_most(std::uint64_t wait_s) const;
  void add_preference_applied(const http::Preferences& preferences, http::Response& response) const;

  executions::Executions& executions_;
  metrics::Probes& probes_;
  std::chrono::milliseconds most_wait_;
};

}  // namespace nexus::api
