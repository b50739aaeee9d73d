// What a process has once, however many loops it has: what the kernel knows of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus::system {

// Out of /proc/self/stat.
struct ProcStat {
  std::uint64_t threads = 0;
  std::uint64_t started_ticks = 0;  // of the machine's clock (sysconf(_SC_CLK_TCK)), since it was switched on
  std::uint64_t virtual_bytes = 0;
  std::uint64_t resident_pages = 0;
  bool operator==(const ProcStat&) const = default;
};

// Thread-safe values; where the kernel does not tell, there is nothing.
struct Process {
  double cpu_seconds = 0;                 // user and system, of all threads
  std::uint64_t max_fds = 0;              // RLIMIT_NOFILE
  std::optional<std::uint64_t> open_fds;  // none without /proc
  std::optional<ProcStat> stat;           // none without /proc
  double started_unix_seconds = 0;        // the same at each call; 0 without /proc
};

// Asks now: about 20 us, and 0.1 us for each open file where the kernel is older than 6.2. Thread-safe.
Process look_at_process();

// For kernels that don't tell the number. A call for each is a tenth of what listing /proc/self/fd would take, which for
// ten thousand connections would hold up the loop for 10 ms.
std::optional<std::uint64_t> count_fds_one_by_one();

// None: this is no such text.
std::optional<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace nexus::system
