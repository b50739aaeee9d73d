#include "stderr_sink.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <climits>
#include <mutex>

namespace nexus::app {
namespace {

// A pipe that poll() reports as writable takes so much in one piece without blocking (POSIX).
constexpr std::size_t kMostAtOnce = PIPE_BUF;

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (line.size() > kMostAtOnce) {
      line.resize(kMostAtOnce - 1);
      line.push_back('\n');
    }
    if (dropped_ > 0 && write_now(line_of_dropped(message))) dropped_ = 0;
    if (dropped_ > 0 || !write_now({line.data(), line.size()})) ++dropped_;
  }

  void flush_() override {}

  std::string line_of_dropped(const spdlog::details::log_msg& next) {
    const std::string text = fmt::format("{} log lines were dropped: stderr was blocked", dropped_);
    spdlog::memory_buf_t line;
    formatter_->format({next.time, {}, next.logger_name, spdlog::level::warn, text}, line);
    return {line.data(), line.size()};
  }

  static bool write_now(std::string_view text) {
    pollfd target{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (poll(&target, 1, 0) != 1 || (target.revents & POLLOUT) == 0) return false;
    return write(STDERR_FILENO, text.data(), text.size()) >= 0;
  }

  std::uint64_t dropped_ = 0;
};

}  // namespace

spdlog::sink_ptr make_stderr_sink() { return std::make_shared<StderrSink>(); }

}  // namespace nexus::app
