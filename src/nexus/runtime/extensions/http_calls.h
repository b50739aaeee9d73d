// All calls of $ext.http from start to settlement: queue, lookups, redirects, deadlines. A call in progress holds one
// of max_concurrent places. A call that ends during the lookup of its host holds the place until the lookup has ended:
// its thread cannot be stopped, and the number of such threads must stay bounded.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "nexus/runtime/extensions/http_loop.h"
#include "nexus/runtime/extensions/http_queue.h"
#include "nexus/runtime/extensions/http_transfer.h"

namespace nexus::extensions {

struct HttpCall {
  enum class Stage : std::uint8_t { kWaits, kLooksUp, kSends };

  CallId id;
  Settlements* settlements;
  std::string panel;
  HttpRequest request;
  SteadyTime deadline;
  budget::Grant grant;  // for the request, and for everything else while it is in progress

  HttpTarget target;
  Stage stage = Stage::kWaits;
  bool is_settled = false;  // kept only until its lookup ends
  int redirects = 0;
  std::unique_ptr<HttpTransfer> transfer;  // last: it uses the others
};

// Belongs to the http thread.
class HttpCalls final : public HttpLoop::Client {
 public:
  HttpCalls(const HttpOptions& options, HttpLoop& loop) : options_(options), loop_(loop) {}
  // Calls that are left are not settled.
  ~HttpCalls() override;

  void begin(std::unique_ptr<HttpCall> call);
  void cancel(CallId id);

  void on_done(CURL* transfer, CURLcode code) override;
  void on_time(SteadyTime now) override;
  std::optional<SteadyTime> next_time() const override;

 private:
  using All = std::unordered_map<CallId, std::unique_ptr<HttpCall>>;

  // Why the call must not be sent; none: it may.
  std::optional<CallError> aim(HttpCall& call);
  void fill_places();
  void start(HttpCall& call);
  void send(HttpCall& call);
  void on_looked_up(CallId id, const std::optional<CallError>& error);
  void finish(HttpCall& call, CURLcode code);
  // Why the redirect is not followed; none: it is.
  std::optional<CallError> redirect(HttpCall& call, const std::string& url);
  void settle(HttpCall& call, Settlement settlement);
  void settle(HttpCall& call, const CallError& error) { settle(call, settlement_of(error)); }
  void let_go(HttpCall& call);
  bool must_stay(HttpCall& call);
  void erase(HttpCall& call);

  const HttpOptions& options_;
  HttpLoop& loop_;
  All all_;
  HttpQueue queue_;
  std::unordered_map<CURL*, HttpCall*> by_transfer_;
  std::set<std::pair<SteadyTime, CallId>> deadlines_;
  std::uint64_t places_taken_ = 0;
};

}  // namespace nexus::extensions
