#include "nexus/runtime/extensions/http.h"

#include <fmt/format.h>
#include <pthread.h>

#include <csignal>
#include <system_error>
#include <thread>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/random.h"
#include "nexus/runtime/extensions/arguments.h"
#include "nexus/runtime/extensions/http_calls.h"
#include "nexus/runtime/extensions/http_errors.h"
#include "nexus/runtime/extensions/http_loop.h"

namespace nexus::extensions {
namespace {

// A header that the handler sets itself takes precedence.
void add_trace(HttpHeaders& headers, const Trace& trace) {
  if (trace.parent.empty() || find_header(headers, "traceparent") != nullptr) return;
  headers.push_back({"traceparent", child_of(trace.parent, random_u64() | 1)});
  if (!trace.state.empty()) headers.push_back({"tracestate", trace.state});
}

class Http final : public Extension {
 public:
  Http(const HttpOptions& options, budget::Ledger& ledger, std::unique_ptr<HttpLoop> loop)
      : options_(options), ledger_(ledger), loop_(std::move(loop)), calls_(options_, *loop_) {
    // A write to a closed connection must return an error instead of raising SIGPIPE.
    sigset_t pipe, old;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &old);
    thread_ = std::jthread([this] {
      pthread_setname_np(pthread_self(), "nexus-http");
      loop_->run(calls_);
    });
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
  }
  ~Http() override {
    loop_->mailbox()->post([this] { loop_->stop(); });
    thread_.join();
    loop_->mailbox()->close();  // lookups that end later find it closed
  }

  std::string_view name() const override { return "http"; }
  std::vector<std::string_view> methods() const override { return http_methods(); }

  Started start(const Call& call, Settlements& settlements) override {
    auto begun = read(call, settlements);
    if (!begun) {
      settlements.settle(call.id, settlement_of(begun.error()));
      return {};
    }
    const std::uint64_t timeout_ms = (*begun)->request.timeout_ms;
    loop_->mailbox()->post([this, one = *std::move(begun)]() mutable { calls_.begin(std::move(one)); });
    return {.ttl_ms = timeout_ms + kTtlMarginMs, .data_json = {}};
  }

  void cancel(CallId id) override {
    loop_->mailbox()->post([this, id] { calls_.cancel(id); });
  }

 private:
  std::expected<std::unique_ptr<HttpCall>, CallError> read(const Call& call, Settlements& settlements) {
    NEXUS_TRY(HttpRequest request,
              read_http_request(call.method, call.args_json, options_.config.timeout_ms));
    if (call.trace != nullptr) add_trace(request.headers, *call.trace);
    auto grant = ledger_.grant(budget::Kind::kBuffers, request.bytes());
    if (!grant) return std::unexpected(memory_error(std::move(grant.error().message)));
    const SteadyTime deadline = steady_now() + std::chrono::milliseconds(request.timeout_ms);
    return std::make_unique<HttpCall>(HttpCall{.id = call.id,
                                               .settlements = &settlements,
                                               .panel = std::string(call.panel),
                                               .request = std::move(request),
                                               .deadline = deadline,
                                               .grant = *std::move(grant)});
  }

  const HttpOptions options_;
  budget::Ledger& ledger_;
  const std::unique_ptr<HttpLoop> loop_;
  HttpCalls calls_;
  std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Extension>> create_http(const config::HttpExtensionConfig& config,
                                               std::uint64_t max_body_bytes, budget::Ledger& ledger) {
  NEXUS_TRY(auto loop, HttpLoop::create(static_cast<long>(config.max_concurrent)));
  try {
    return std::make_unique<Http>(HttpOptions{config, max_body_bytes}, ledger, std::move(loop));
  } catch (const std::system_error& error) {
    return fail(ErrorCode::kInternalError,
                fmt::format("cannot start the thread of $ext.http: {} (see `ulimit -v` and `ulimit -u`)",
                            error.what()));
  }
}

}  // namespace nexus::extensions
