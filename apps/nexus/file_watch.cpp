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
  Descriptor descriptor(inotify_init1(IN_CLOEXEC));
  if (!descriptor || inotify_add_watch(*descriptor, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
    return fail(ErrorCode::kInvalidConfiguration,
                fmt::format("cannot watch {}: {}", folder, std::strerror(errno)));
  }
  return FileWatch(std::move(descriptor), file.filename().string());
}

void FileWatch::wait() {
  alignas(inotify_event) std::array<char, 4096> events;
  for (;;) {
    const ssize_t bytes = ::read(*descriptor_, events.data(), events.size());
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
