#include "file_watch.h"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace nexus::app {

Result<FileWatch> FileWatch::create(const std::string& path) {
  const std::filesystem::path file(path);
  const std::string folder = file.has_parent_path() ? file.parent_path().string() : ".";
  const int descriptor = inotify_init1(IN_CLOEXEC);
  if (descriptor < 0 || inotify_add_watch(descriptor, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
    const std::string reason = std::strerror(errno);
    if (descriptor >= 0) ::close(descriptor);
    return fail(ErrorCode::kInvalidConfiguration, fmt::format("cannot watch {}: {}", folder, reason));
  }
  return FileWatch(descriptor, file.filename().string());
}

FileWatch::FileWatch(FileWatch&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), name_(std::move(other.name_)) {}

FileWatch::~FileWatch() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void FileWatch::wait() {
  alignas(inotify_event) std::array<char, 4096> events;
  for (;;) {
    const ssize_t bytes = ::read(descriptor_, events.data(), events.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0 || is_about_file(events.data(), events.data() + bytes)) return;
  }
}

bool FileWatch::is_about_file(const char* begin, const char* end) const {
  while (begin < end) {
    inotify_event event;
    std::memcpy(&event, begin, sizeof event);
    if (event.len > 0 && name_ == begin + sizeof event) return true;
    begin += sizeof event + event.len;
  }
  return false;
}

}  // namespace nexus::app
