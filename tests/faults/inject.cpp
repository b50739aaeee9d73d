// For tests, by LD_PRELOAD: makes system calls fail at random, as they do when a machine runs out of memory or disk.
//
// NEXUS_FAULTS names a file of 32-bit numbers. The library maps it, so that a test can write and read it while the
// program runs: for each kind of call, how many of a million fail; then, for each kind, how many have failed.
//
//    0          4          8          12         16 ............ 32
//   | mmap     | mprotect | malloc   | file     | failed, as before |
//
// malloc: of 64 KiB and more. file: opening for writing, and writing, below NEXUS_FAULTS_FOLDER (ENOSPC).
// NEXUS_FAULTS_SEED: the seed of the random numbers. No call fails before the test writes to the file.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

enum Kind : std::uint8_t { kMmap, kMprotect, kMalloc, kFile, kKinds };

struct Faults {
  std::array<std::atomic<std::uint32_t>, kKinds> per_million;
  std::array<std::atomic<std::uint32_t>, kKinds> failed;
};

constexpr std::size_t kLargeBytes = 64 * 1024;
constexpr std::size_t kMostFiles = 4096;

constinit std::atomic<Faults*> faults = nullptr;
constinit std::atomic<std::uint64_t> random_state = 0;
constinit std::array<std::atomic<bool>, kMostFiles> is_watched{};

std::uint64_t next_random() {  // splitmix64
  std::uint64_t z = random_state.fetch_add(0x9e3779b97f4a7c15) + 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

bool fails(Kind kind, int error) {
  Faults* told = faults.load(std::memory_order_acquire);
  if (told == nullptr) return false;
  const std::uint32_t chance = told->per_million[kind].load(std::memory_order_relaxed);
  if (chance == 0 || next_random() % 1'000'000 >= chance) return false;
  told->failed[kind].fetch_add(1, std::memory_order_relaxed);
  errno = error;
  return true;
}

bool fails_large(std::size_t bytes) { return bytes >= kLargeBytes && fails(kMalloc, ENOMEM); }

void* map(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

// `path` may be relative to an open folder, as the paths of the cache are.
bool is_below_folder(int open_folder, const char* path) {
  const char* folder = std::getenv("NEXUS_FAULTS_FOLDER");
  if (folder == nullptr) return false;
  std::array<char, PATH_MAX> whole{};
  if (path[0] != '/') {
    std::array<char, 32> link{};
    std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", open_folder);
    if (readlink(link.data(), whole.data(), whole.size() - 1) < 0) return false;
    path = whole.data();
  }
  return std::strncmp(path, folder, std::strlen(folder)) == 0;
}

int open_at(int folder, const char* path, int flags, mode_t mode) {
  const bool is_ours = (flags & (O_WRONLY | O_RDWR)) != 0 && is_below_folder(folder, path);
  if (is_ours && fails(kFile, ENOSPC)) return -1;
  const int file = static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
  if (file >= 0 && static_cast<std::size_t>(file) < kMostFiles)
    is_watched[static_cast<std::size_t>(file)] = is_ours;
  return file;
}

bool is_write_failing(int file) {
  const bool is_ours =
      file >= 0 && static_cast<std::size_t>(file) < kMostFiles && is_watched[static_cast<std::size_t>(file)];
  return is_ours && fails(kFile, ENOSPC);
}

mode_t mode_of(int flags, va_list list) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
}

[[gnu::constructor]] void begin() {
  const char* path = std::getenv("NEXUS_FAULTS");
  if (path == nullptr) return;
  if (const char* seed = std::getenv("NEXUS_FAULTS_SEED")) random_state = std::strtoull(seed, nullptr, 10);
  const int file = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0));
  if (file < 0) return;
  void* shared = map(nullptr, sizeof(Faults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (shared != MAP_FAILED) faults = static_cast<Faults*>(shared);
  close(file);
}

}  // namespace

extern "C" {

void* mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  return fails(kMmap, ENOMEM) ? MAP_FAILED : map(address, bytes, protection, flags, file, offset);
}
void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) noexcept {
  return mmap(address, bytes, protection, flags, file, offset);
}
// The next call of the thread does not fail: a call that merges mappings needs no memory, and the server falls back on
// such calls.
int mprotect(void* address, std::size_t bytes, int protection) noexcept {
  static thread_local bool has_failed = false;
  has_failed = !has_failed && fails(kMprotect, ENOMEM);
  return has_failed ? -1 : static_cast<int>(syscall(SYS_mprotect, address, bytes, protection));
}

void* malloc(std::size_t bytes) noexcept { return fails_large(bytes) ? nullptr : __libc_malloc(bytes); }
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  return fails_large(count * bytes) ? nullptr : __libc_calloc(count, bytes);
}
void* realloc(void* old, std::size_t bytes) noexcept {
  return fails_large(bytes) ? nullptr : __libc_realloc(old, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return fails_large(bytes) ? nullptr : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** made, std::size_t alignment, std::size_t bytes) noexcept {
  if (fails_large(bytes)) return ENOMEM;
  *made = __libc_memalign(alignment, bytes);
  return *made == nullptr ? ENOMEM : 0;
}

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = mode_of(flags, list);
  va_end(list);
  return open_at(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) __attribute__((alias("openat")));
ssize_t write(int file, const void* bytes, std::size_t count) {
  return is_write_failing(file) ? -1 : syscall(SYS_write, file, bytes, count);
}
ssize_t pwrite(int file, const void* bytes, std::size_t count, off_t offset) {
  return is_write_failing(file) ? -1 : syscall(SYS_pwrite64, file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void* bytes, std::size_t count, off_t offset)
    __attribute__((alias("pwrite")));

}  // extern "C"
