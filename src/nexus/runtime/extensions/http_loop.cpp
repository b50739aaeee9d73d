#include "nexus/runtime/extensions/http_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nexus/foundation/base/clock.h"

namespace nexus::extensions {
namespace {

constexpr std::size_t kEvents = 64;

std::uint32_t epoll_events(int what) {
  return (what & CURL_POLL_IN ? EPOLLIN : 0U) | (what & CURL_POLL_OUT ? EPOLLOUT : 0U);
}

int curl_events(std::uint32_t events) {
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

}  // namespace

Result<std::unique_ptr<HttpLoop>> HttpLoop::create(long most_kept) {
  std::unique_ptr<HttpLoop> loop(new HttpLoop(most_kept));
  loop->mailbox_ = std::make_shared<HttpMailbox>();
  loop->epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {.fd = loop->mailbox_->event()}};
  if (!loop->mailbox_->is_open() || !loop->epoll_ ||
      epoll_ctl(*loop->epoll_, EPOLL_CTL_ADD, loop->mailbox_->event(), &event) != 0) {
    return fail(ErrorCode::kInternalError, "no file descriptors for $ext.http");
  }
  return loop;
}

Result<void> HttpLoop::open() {
  if (multi_) return {};
  if (auto loaded = load_curl(); !loaded) return loaded;
  multi_.reset(curl_multi_init());
  if (!multi_) return fail(ErrorCode::kInternalError, "libcurl has no memory");
  CURLM* multi = multi_.get();
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &HttpLoop::watch);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &HttpLoop::set_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, most_kept_);
  return {};
}

HttpLoop::~HttpLoop() {
  if (mailbox_) mailbox_->close();
  multi_.reset();  // removes its sockets from the epoll
}

void HttpLoop::run(Client& client) {
  while (!is_stopped_) {
    wait(client.next_time());
    work();
    notify_done(client);
    client.on_time(steady_now());
  }
}

void HttpLoop::wait(std::optional<SteadyTime> client_time) {
  std::optional<SteadyTime> until = client_time;
  if (curl_time_ && (!until || *curl_time_ < *until)) until = curl_time_;
  int ms = -1;
  if (until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - steady_now()).count();
    ms = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  std::array<epoll_event, kEvents> events;
  const int count = epoll_wait(*epoll_, events.data(), kEvents, ms);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == mailbox_->event()) continue;
    int running = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, curl_events(event.events), &running);
  }
  if (curl_time_ && *curl_time_ <= steady_now()) {
    curl_time_.reset();
    int running = 0;
    curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

void HttpLoop::work() {
  for (HttpMailbox::Work& work : mailbox_->take())
    work();
}

void HttpLoop::notify_done(Client& client) {
  if (!multi_) return;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* transfer = message->easy_handle;
    const CURLcode code = message->data.result;
    remove(transfer);  // frees `message`
    client.on_done(transfer, code);
  }
}

int HttpLoop::watch(CURL*, curl_socket_t socket, int what, void* self, void*) {
  const int epoll = *static_cast<HttpLoop*>(self)->epoll_;
  if (what == CURL_POLL_REMOVE) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);  // the socket may be closed already
    return 0;
  }
  epoll_event event{.events = epoll_events(what), .data = {.fd = socket}};
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) == 0) return 0;
  return errno == ENOENT && epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event) == 0 ? 0 : -1;
}

int HttpLoop::set_timer(CURLM*, long ms, void* self) {
  auto& time = static_cast<HttpLoop*>(self)->curl_time_;
  if (ms < 0) {
    time.reset();
  } else {
    time = steady_now() + std::chrono::milliseconds(ms);
  }
  return 0;
}

}  // namespace nexus::extensions
