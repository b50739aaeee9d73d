// `nexus top`: shows the memory of a running server, once or repeatedly.
#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>

#include "commands.h"
#include "server_client.h"
#include "terminal.h"
#include "top_view.h"

namespace nexus::app {
namespace {

namespace asio = boost::asio;

class Top {
 public:
  Top(const TopCommand& command, ServerTarget target)
      : command_(command), target_(std::move(target)), timer_(loop_), signals_(loop_) {}

  int run() {
    const bool stays = !command_.once && !command_.json && Terminal::is_there();
    asio::co_spawn(loop_, stays ? watch() : look_once(), [](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
    });
    loop_.run();
    terminal_.reset();
    if (!error_.empty()) fmt::print(stderr, "nexus: {}\n", error_);
    return error_.empty() ? kDone : kFailed;
  }

 private:
  using Lines = std::vector<std::string>;

  // None: the reason is in error_.
  asio::awaitable<std::optional<std::string>> ask() {
    const ServerRequest request{.path = "/runtime/memory?sort=" + command_.sort,
                                .token = command_.server.token};
    auto response = co_await request_from(target_, request);
    error_ = response ? error_in(*response) : response.error();
    co_return error_.empty() ? std::optional(std::move(response->body)) : std::nullopt;
  }

  // Why the response cannot be shown; empty: it can.
  std::string error_in(const ServerResponse& response) const {
    switch (response.status) {
      case 200:
        return "";
      case 401:
        return fmt::format("{} needs a token with scope admin, in --token or NEXUS_TOKEN: 401 {}",
                           target_.url(), response.error_text());
      case 404:
        return fmt::format("the server at {} has no /runtime/memory: it is an older version", target_.url());
      default:
        return fmt::format("{} refuses: {} {}", target_.url(), response.status, response.error_text());
    }
  }

  std::optional<Lines> view(const std::string& memory) {
    auto lines = top_view(memory, target_.url());
    if (!lines) error_ = fmt::format("the server at {} is not nexus", target_.url());
    return lines;
  }

  asio::awaitable<void> look_once() {
    const auto memory = co_await ask();
    if (!memory) co_return;
    const auto lines = view(*memory);
    if (!lines) co_return;
    if (command_.json) {
      fmt::print("{}\n", *memory);
    } else {
      for (const std::string& line : *lines)
        fmt::print("{}\n", line);
    }
  }

  // It is a failure when the first request fails. Later the last view stays on the screen until the server responds
  // again.
  asio::awaitable<void> watch() {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      error_.clear();
      loop_.stop();
    });
    Lines last;
    for (;;) {
      const auto memory = co_await ask();
      auto lines = memory ? view(*memory) : std::nullopt;
      if (!lines && last.empty()) co_return signals_.cancel();
      if (lines) last = *std::move(lines);
      Lines shown = last;
      if (!error_.empty()) shown.insert(shown.begin(), error_);
      if (!terminal_) terminal_.emplace();
      terminal_->show(shown);
      timer_.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::duration<double>(command_.interval_seconds)));
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  const TopCommand& command_;
  const ServerTarget target_;
  asio::io_context loop_;
  asio::steady_timer timer_;
  asio::signal_set signals_;
  std::optional<Terminal> terminal_;
  std::string error_;
};

}  // namespace

int top(const TopCommand& command) {
  auto target = read_server_url(command.server.url);
  if (!target) {
    fmt::print(stderr, "nexus: --url must be http://HOST:PORT, and is {}\n", command.server.url);
    return kAskedWrongly;
  }
  return Top(command, *std::move(target)).run();
}

}  // namespace nexus::app
