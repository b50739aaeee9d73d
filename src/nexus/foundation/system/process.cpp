#include "nexus/foundation/system/process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <string>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/text.h"
#include "nexus/foundation/system/kernel_file.h"

namespace nexus::system {
namespace {

constexpr char kOpenFiles[] = "/proc/self/fd";

std::optional<std::uint64_t> count_open_fds() {
  struct stat folder{};
  if (stat(kOpenFiles, &folder) != 0) return std::nullopt;
  if (folder.st_size > 0) return static_cast<std::uint64_t>(folder.st_size);  // Linux 6.2 and later
  return count_fds_one_by_one();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t max_fds() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

double started_unix_seconds(const ProcStat& stat) {
  timespec since_boot{};
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const double age = static_cast<double>(since_boot.tv_sec) + static_cast<double>(since_boot.tv_nsec) / 1e9 -
                     static_cast<double>(stat.started_ticks) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(SystemClock().unix_ms()) / 1000 - age;
}

}  // namespace

std::optional<std::uint64_t> count_fds_one_by_one() {
  constexpr std::string_view kTableSize = "\nFDSize:\t";
  const std::string status = read_kernel_file("/proc/self/status").value_or("");
  const auto found = status.find(kTableSize);
  if (found == std::string::npos) return std::nullopt;
  int most = 0;
  std::from_chars(status.data() + found + kTableSize.size(), status.data() + status.size(), most);
  std::uint64_t count = 0;
  for (int fd = 0; fd < most; ++fd)
    count += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return count;
}

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  // The second field is the program's name in parentheses, which may contain blanks and parentheses; the third field
  // begins after the last closing one.
  const auto name_end = text.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  text.remove_prefix(name_end + 2);
  ProcStat stat;
  for (int field = 3; field <= 24; ++field) {
    const std::string_view word = take_until(text, ' ');
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool is_number = error == std::errc() && end == word.data() + word.size();
    std::uint64_t* const wanted = field == 20   ? &stat.threads
                                  : field == 22 ? &stat.started_ticks
                                  : field == 23 ? &stat.virtual_bytes
                                  : field == 24 ? &stat.resident_pages
                                                : nullptr;
    if (wanted != nullptr) {
      if (!is_number) return std::nullopt;
      *wanted = number;
    }
  }
  return stat;
}

Process look_at_process() {
  Process process;
  process.cpu_seconds = cpu_seconds();
  process.max_fds = max_fds();
  process.open_fds = count_open_fds();
  process.stat = parse_proc_stat(read_kernel_file("/proc/self/stat").value_or(""));
  if (process.stat) {
    // Computed once: it is derived from two clocks, and a value that varies would look like restarts.
    static const double started = started_unix_seconds(*process.stat);
    process.started_unix_seconds = started;
  }
  return process;
}

}  // namespace nexus::system
