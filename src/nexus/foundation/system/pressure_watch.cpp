#include "nexus/foundation/system/pressure_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace nexus::system {
namespace {

constexpr auto kWritten1 =
    std::to_array<std::string_view>({"/memory.limit_in_bytes", "/memory.memsw.limit_in_bytes"});
constexpr auto kWritten2 = std::to_array<std::string_view>({"/memory.max", "/memory.high", "/memory.events"});

// 150 ms of 2 s; an unprivileged process may only use windows that are multiples of 2 s.
constexpr std::string_view kStalls("some 150000 2000000\0", 20);

bool write_all(int file, std::string_view text) {
  return write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void close_if_open(int file) {
  if (file >= 0) close(file);
}

}  // namespace

PressureWatch::PressureWatch(std::span<const ControlGroup> groups) : poll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (poll_ < 0) return;
  watch_writes(groups);
  std::ranges::find_if(groups, [this](const auto& group) { return watch_stalls(group); });
  std::ranges::find_if(
      groups, [this](const auto& group) { return watch_notices(group, "/memory.pressure_level", "medium"); });
  std::ranges::find_if(groups,
                       [this](const auto& group) { return watch_notices(group, "/memory.oom_control", ""); });
}

PressureWatch::~PressureWatch() {
  for (const Source& source : sources_) {
    close(source.descriptor);
    close_if_open(source.subject);
  }
  close_if_open(poll_);
}

bool PressureWatch::add(Source source, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = source.descriptor}};
  if (epoll_ctl(poll_, EPOLL_CTL_ADD, source.descriptor, &event) != 0) {
    close(source.descriptor);
    close_if_open(source.subject);
    return false;
  }
  sources_.push_back(source);
  return true;
}

// Needs only read access: inside a pod these files are read-only, and writes by the kernel and by others are still
// seen.
void PressureWatch::watch_writes(std::span<const ControlGroup> groups) {
  const int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (notify < 0) return;
  for (const ControlGroup& group : groups) {
    const std::span<const std::string_view> names =
        group.version == 2 ? std::span<const std::string_view>(kWritten2) : kWritten1;
    for (const std::string_view name : names) {
      std::string file = group.folder + std::string(name);
      if (inotify_add_watch(notify, file.c_str(), IN_MODIFY) >= 0) files_.push_back(std::move(file));
    }
  }
  if (files_.empty()) {
    close(notify);
  } else if (!add({notify, -1}, EPOLLIN)) {
    files_.clear();
  }
}

bool PressureWatch::watch_stalls(const ControlGroup& group) {
  if (group.version != 2) return false;
  std::string file = group.folder + "/memory.pressure";
  const int pressure = open(file.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (pressure < 0) return false;
  if (!write_all(pressure, kStalls)) {
    close(pressure);
    return false;
  }
  if (!add({pressure, -1}, EPOLLPRI)) return false;
  files_.push_back(std::move(file));
  return true;
}

bool PressureWatch::watch_notices(const ControlGroup& group, const char* name, const char* level) {
  if (group.version != 1) return false;
  std::string file = group.folder + name;
  const int control = open((group.folder + "/cgroup.event_control").c_str(), O_WRONLY | O_CLOEXEC);
  const int subject = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const int notices = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const bool is_registered = control >= 0 && subject >= 0 && notices >= 0 &&
                             write_all(control, fmt::format("{} {} {}", notices, subject, level));
  close_if_open(control);
  if (!is_registered) {
    close_if_open(subject);
    close_if_open(notices);
    return false;
  }
  if (!add({notices, subject}, EPOLLIN)) return false;
  files_.push_back(std::move(file));
  return true;
}

void PressureWatch::take() {
  std::array<epoll_event, 8> events;
  alignas(inotify_event) std::array<char, 4096> ignored;
  const int count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if ((event.events & EPOLLIN) != 0) {
      while (read(event.data.fd, ignored.data(), ignored.size()) > 0) {
      }
    }
    // A deleted group reports an error for ever, so it is removed. PSI events need no read: epoll_wait consumes them.
    if ((event.events & (EPOLLERR | EPOLLHUP)) != 0) epoll_ctl(poll_, EPOLL_CTL_DEL, event.data.fd, nullptr);
  }
}

}  // namespace nexus::system
