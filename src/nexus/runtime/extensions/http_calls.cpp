#include "nexus/runtime/extensions/http_calls.h"

#include <fmt/format.h>

#include "nexus/runtime/extensions/http_errors.h"
#include "nexus/runtime/extensions/http_lookup.h"

namespace nexus::extensions {
namespace {

constexpr int kMostRedirects = 5;

// Follows browsers: a redirected POST becomes a GET, unless the server insists with 307 or 308.
void adapt_to_redirect(HttpRequest& request, long status) {
  const bool becomes_get = status == 303 ? request.method != "GET" && request.method != "HEAD"
                                         : (status == 301 || status == 302) && request.method == "POST";
  if (!becomes_get) return;
  request.method = "GET";
  request.body.reset();
  request.is_idempotent = true;
  remove_content_headers(request.headers);
}

CallError timeout_error(const HttpCall& call, std::uint64_t max_concurrent) {
  const std::uint64_t ms = call.request.timeout_ms;
  if (call.stage != HttpCall::Stage::kWaits)
    return {"TimeoutError", fmt::format("{} did not answer within {} ms", call.target.host, ms)};
  return {"TimeoutError",
          fmt::format("after {} ms it was not its turn yet: others took all {} requests at once "
                      "(HTTP_MAX_CONCURRENT)",
                      ms, max_concurrent)};
}

}  // namespace

HttpCalls::~HttpCalls() {
  for (const auto& [transfer, call] : by_transfer_)
    loop_.remove(transfer);
}

void HttpCalls::begin(std::unique_ptr<HttpCall> call) {
  HttpCall& one = *call;
  if (const auto error = aim(one)) return one.settlements->settle(one.id, settlement_of(*error));
  deadlines_.emplace(one.deadline, one.id);
  queue_.add(one.panel, one.id);
  all_.emplace(one.id, std::move(call));
  fill_places();
}

std::optional<CallError> HttpCalls::aim(HttpCall& call) {
  if (auto opened = loop_.open(); !opened)
    return CallError{"HttpError", std::move(opened.error().message), kOtherError};
  auto target = read_target(call.request.url);
  if (!target) return std::move(target.error());
  if (auto error = check_target(*target, options_.config)) return error;
  call.target = *std::move(target);
  return std::nullopt;
}

void HttpCalls::cancel(CallId id) {
  const auto found = all_.find(id);
  if (found == all_.end() || found->second->is_settled) return;
  let_go(*found->second);
  fill_places();
}

std::optional<SteadyTime> HttpCalls::next_time() const {
  if (deadlines_.empty()) return std::nullopt;
  return deadlines_.begin()->first;
}

void HttpCalls::on_time(SteadyTime now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    HttpCall& call = *all_.at(deadlines_.begin()->second);
    settle(call, timeout_error(call, options_.config.max_concurrent));
  }
  fill_places();
}

void HttpCalls::fill_places() {
  while (places_taken_ < options_.config.max_concurrent) {
    const auto id = queue_.take_next();
    if (!id) return;
    HttpCall& call = *all_.at(*id);
    ++places_taken_;
    start(call);
  }
}

// Looks the name up here only if a proxy would do so instead of libcurl.
void HttpCalls::start(HttpCall& call) {
  call.stage = HttpCall::Stage::kSends;
  if (options_.config.proxy.empty() || options_.config.allow_private) return send(call);
  const bool has_begun =
      look_up(call.target.host, loop_.mailbox(),
              [this, id = call.id](const std::optional<CallError>& error) { on_looked_up(id, error); });
  if (!has_begun) return settle(call, {"HttpError", "no thread is left to look a name up", kOtherError});
  call.stage = HttpCall::Stage::kLooksUp;
}

void HttpCalls::on_looked_up(CallId id, const std::optional<CallError>& error) {
  HttpCall& call = *all_.at(id);  // it stays until its lookup has ended
  call.stage = HttpCall::Stage::kSends;
  if (call.is_settled) {
    erase(call);
  } else if (error) {
    settle(call, *error);
  } else {
    send(call);
  }
  fill_places();
}

void HttpCalls::send(HttpCall& call) {
  if (auto granted = call.grant.grow_by(HttpTransfer::kOwnBytes, budget::Need::kStart); !granted)
    return settle(call, memory_error(std::move(granted.error().message)));
  auto transfer = HttpTransfer::create(call.request, call.target, options_, call.grant);
  if (!transfer || !loop_.add(transfer->handle())) return settle(call, memory_error("libcurl has no memory"));
  by_transfer_.emplace(transfer->handle(), &call);
  call.transfer = std::move(transfer);
}

void HttpCalls::on_done(CURL* transfer, CURLcode code) {
  const auto found = by_transfer_.find(transfer);
  HttpCall& call = *found->second;
  by_transfer_.erase(found);
  if (call.is_settled) {
    erase(call);
  } else {
    finish(call, code);
  }
  fill_places();
}

void HttpCalls::finish(HttpCall& call, CURLcode code) {
  if (const auto error = call.transfer->error(code)) return settle(call, *error);
  if (const auto url = call.transfer->redirection()) {
    if (const auto error = redirect(call, *url)) return settle(call, *error);
    return start(call);
  }
  const HttpResponse response = call.transfer->take_response();
  auto json = response_json(response, call.grant);
  if (!json) return settle(call, memory_error(std::move(json.error().message)));
  settle(call, {Settlement::Kind::kValue, *std::move(json)});
}

std::optional<CallError> HttpCalls::redirect(HttpCall& call, const std::string& url) {
  if (++call.redirects > kMostRedirects) {
    return CallError{"HttpError", fmt::format("there were more than {} redirects", kMostRedirects),
                     kTooManyRedirects};
  }
  auto target = read_target(url);
  if (!target)
    return CallError{"HttpError", "redirected to what cannot be followed: " + target.error().message,
                     kBadRedirect};
  if (auto error = check_target(*target, options_.config)) return error;
  adapt_to_redirect(call.request, call.transfer->status());
  if (target->origin != call.target.origin) remove_credentials(call.request.headers);
  call.transfer.reset();  // it refers to the fields that change now
  call.target = *std::move(target);
  call.grant.shrink_to(call.request.bytes());
  return std::nullopt;
}

// Settles before it frees the call's grant: the bytes of the settlement stay charged until its receiver charges them.
void HttpCalls::settle(HttpCall& call, Settlement settlement) {
  call.settlements->settle(call.id, std::move(settlement));
  let_go(call);
}

void HttpCalls::let_go(HttpCall& call) {
  deadlines_.erase({call.deadline, call.id});
  queue_.remove(call.id);
  call.is_settled = true;
  if (!must_stay(call)) erase(call);
}

bool HttpCalls::must_stay(HttpCall& call) {
  if (call.stage == HttpCall::Stage::kLooksUp) return true;
  if (!call.transfer || !by_transfer_.contains(call.transfer->handle())) return false;
  if (call.transfer->is_looking_up()) {
    call.transfer->abandon();
    return true;
  }
  by_transfer_.erase(call.transfer->handle());
  loop_.remove(call.transfer->handle());
  return false;
}

void HttpCalls::erase(HttpCall& call) {
  if (call.stage != HttpCall::Stage::kWaits) --places_taken_;
  all_.erase(call.id);
}

}  // namespace nexus::extensions
