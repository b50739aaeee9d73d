// Runs libcurl's transfers on one thread: their sockets in an epoll, their timers, and work that other threads post.
//
//   other threads ──post──► mailbox ─┐
//   sockets ─────────────────────────┼─► epoll ─► libcurl ─► Client::on_done
//   the next deadline ───────────────┘                       Client::on_time
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "nexus/foundation/base/descriptor.h"
#include "nexus/foundation/base/error.h"
#include "nexus/runtime/extensions/http_curl.h"
#include "nexus/runtime/extensions/http_mailbox.h"

namespace nexus::extensions {

using SteadyTime = std::chrono::steady_clock::time_point;

// Thread safety: all functions but mailbox() belong to the thread that calls run().
class HttpLoop {
 public:
  class Client {
   public:
    virtual ~Client() = default;
    virtual void on_done(CURL* transfer, CURLcode code) = 0;  // after the transfer was removed
    virtual void on_time(SteadyTime now) = 0;                 // called often; handles all due deadlines
    virtual std::optional<SteadyTime> next_time() const = 0;
  };

  // `most_kept`: the most connections that are open at once or kept for later requests. kInternalError: no file
  // descriptors.
  static Result<std::unique_ptr<HttpLoop>> create(long most_kept);
  ~HttpLoop();
  HttpLoop(const HttpLoop&) = delete;
  HttpLoop& operator=(const HttpLoop&) = delete;

  const std::shared_ptr<HttpMailbox>& mailbox() const { return mailbox_; }

  void run(Client& client);  // until stop()
  void stop() { is_stopped_ = true; }
  // REQUIRES: called before the first add(); further calls do nothing. kInternalError: no libcurl, or no memory for it.
  Result<void> open();
  bool add(CURL* transfer) { return curl_multi_add_handle(multi_.get(), transfer) == CURLM_OK; }
  void remove(CURL* transfer) { curl_multi_remove_handle(multi_.get(), transfer); }

 private:
  explicit HttpLoop(long most_kept) : most_kept_(most_kept) {}
  static int watch(CURL* transfer, curl_socket_t socket, int what, void* self, void* watched);
  static int set_timer(CURLM* multi, long ms, void* self);
  void wait(std::optional<SteadyTime> client_time);
  void work();
  void notify_done(Client& client);

  const long most_kept_;
  std::shared_ptr<HttpMailbox> mailbox_;
  Descriptor epoll_;
  CurlMulti multi_;                      // null before open()
  std::optional<SteadyTime> curl_time_;  // due time of libcurl's timers
  bool is_stopped_ = false;
};

}  // namespace nexus::extensions
