// Many WebSocket clients in one thread, for bench/websocket/run.mjs. The clients read and count messages, while a few
// more connections call the panel's tool all the time.
//
//   watchers PORT PANEL CLIENTS STUCK CALLERS SECONDS
//
// STUCK of the clients never read. Each of the CALLERS has one call of the tool "run" in progress. Prints "connected"
// when all clients are connected. After a line on standard input it measures for SECONDS, and prints the numbers of
// messages and calls. SECONDS 0: it ends at once. Before the measurement the tool "fill" sends all clients so much that
// the kernel accepts no more for a client that does not read.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

// Messages of 60 KB: together more than the server's socket buffer takes (256 KiB, which the kernel doubles), and less
// than the server's limit for a slow client (1 MiB).
constexpr int kFills = 14;

int connect_to(int port, bool is_stuck = false) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  const int least = 4096;
  if (is_stuck) setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  const int on = 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (socket < 0 || connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    die("connect");
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

void send_all(int socket, std::string_view text) {
  if (write(socket, text.data(), text.size()) != static_cast<ssize_t>(text.size())) die("write");
}

// Counts complete frames: 0x81, a length of 7 or 16 bits, and the payload.
struct Watcher {
  int socket;
  std::string rest;
  bool is_stuck;

  std::uint64_t take(std::string_view bytes) {
    rest += bytes;
    std::uint64_t frames = 0;
    std::size_t at = 0;
    const auto byte = [this](std::size_t where) { return static_cast<unsigned char>(rest[where]); };
    while (rest.size() - at >= 4) {
      const std::size_t length =
          byte(at + 1) < 126 ? 2 + byte(at + 1) : 4 + byte(at + 2) * 256 + byte(at + 3);
      if (rest.size() - at < length) break;
      frames += byte(at) == 0x81 ? 1 : 0;
      at += length;
    }
    rest.erase(0, at);
    return frames;
  }
};

Watcher watch(int port, std::string_view panel, bool is_stuck) {
  Watcher watcher{connect_to(port, is_stuck), {}, is_stuck};
  send_all(
      watcher.socket,
      fmt::format(
          "GET /panels/{}/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          panel));
  std::array<char, 32768> bytes;
  std::string text;
  while (text.find("CONNECTED") == std::string::npos || !text.ends_with('}')) {
    const auto got = read(watcher.socket, bytes.data(), bytes.size());
    if (got <= 0) die("upgrade");
    text.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return watcher;
}

// Bytes that the kernel has received for this client and that it has not read.
int unread(const Watcher& watcher) {
  int bytes = 0;
  ioctl(watcher.socket, FIONREAD, &bytes);
  return bytes;
}

// One call on a connection of its own.
void call_once(int port, std::string_view panel, std::string_view tool) {
  const int socket = connect_to(port);
  send_all(socket,
           fmt::format("POST /panels/{}/trigger/{} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                       "Content-Length: 0\r\n\r\n",
                       panel, tool));
  std::array<char, 4096> bytes;
  while (read(socket, bytes.data(), bytes.size()) > 0) {
  }
  close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) return 2;
  const int port = std::atoi(argv[1]), clients = std::atoi(argv[3]), stuck = std::atoi(argv[4]),
            calling = std::atoi(argv[5]), seconds = std::atoi(argv[6]);
  const std::string panel = argv[2];
  std::vector<Watcher> watchers;
  watchers.reserve(static_cast<std::size_t>(clients + stuck));
  for (int n = 0; n < clients + stuck; ++n)
    watchers.push_back(watch(port, panel, n >= clients));
  std::puts("connected");
  std::fflush(stdout);
  std::string line;
  std::getline(std::cin, line);
  if (seconds == 0) return 0;

  const int poll = epoll_create1(0);
  std::vector<Watcher> callers;
  for (int n = 0; n < calling; ++n)
    callers.push_back({connect_to(port), {}, false});
  const auto add = [poll](Watcher& watcher) {
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &watcher}};
    epoll_ctl(poll, EPOLL_CTL_ADD, watcher.socket, &event);
  };
  for (Watcher& caller : callers)
    add(caller);
  for (Watcher& watcher : watchers) {
    if (!watcher.is_stuck) add(watcher);
  }
  const std::string call = fmt::format(
      "POST /panels/{}/trigger/run HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", panel);
  std::uint64_t messages = 0, calls = 0;
  std::array<epoll_event, 256> events;
  std::array<char, 32768> bytes;
  // Reads the bytes that have arrived, and makes each caller with a response call again.
  const auto read_all = [&] {
    const int count = epoll_wait(poll, events.data(), events.size(), 1000);
    for (int n = 0; n < count; ++n) {
      auto& watcher = *static_cast<Watcher*>(events[static_cast<std::size_t>(n)].data.ptr);
      const auto got = read(watcher.socket, bytes.data(), bytes.size());
      if (got <= 0) die("a client was closed");
      if (&watcher < callers.data() || &watcher >= callers.data() + calling) {
        messages += watcher.take({bytes.data(), static_cast<std::size_t>(got)});
      } else {  // one response, in one piece
        ++calls;
        send_all(watcher.socket, call);
      }
    }
  };
  for (std::uint64_t fills = 1; fills <= kFills; ++fills) {
    call_once(port, panel, "fill");
    while (messages < fills * static_cast<std::uint64_t>(clients))
      read_all();
  }
  messages = 0;
  std::vector<int> unread_before;
  for (int n = clients; n < clients + stuck; ++n)
    unread_before.push_back(unread(watchers[static_cast<std::size_t>(n)]));
  for (const Watcher& caller : callers)
    send_all(caller.socket, call);
  const auto began = std::chrono::steady_clock::now();
  const auto elapsed = [began] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  while (elapsed() < seconds)
    read_all();
  for (int n = 0; n < stuck; ++n) {
    const int now = unread(watchers[static_cast<std::size_t>(clients + n)]);
    if (now == 0 || now != unread_before[static_cast<std::size_t>(n)])
      die("a client that does not read was not stuck");
  }
  fmt::print("{:.0f} messages/s {:.0f} calls/s\n", static_cast<double>(messages) / elapsed(),
             static_cast<double>(calls) / elapsed());
}
