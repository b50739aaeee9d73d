#include "nexus/foundation/diagnostics/crash_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nexus/foundation/base/random.h"
#include "nexus/foundation/base/units.h"

namespace nexus::diagnostics {
namespace {

constexpr std::string_view kPrefix = "last-words-";
constexpr std::size_t kFileBytes = kPageBytes;
// The version of the layout: a file of another version has no valid checksum.
constexpr std::uint64_t kLayout = 1;

static_assert(std::has_unique_object_representations_v<Record>, "no padding: it is checked byte by byte");
static_assert(std::is_trivially_copyable_v<Record>);

struct Slot {
  std::uint64_t checksum;
  std::uint64_t sequence;  // 0: never written
  Record record;
};
static_assert(2 * sizeof(Slot) <= kFileBytes);

std::uint64_t checksum_of(const Slot& slot) {
  return XXH3_64bits_withSeed(&slot.sequence, sizeof(Slot) - offsetof(Slot, sequence),
                              kLayout << 32 | sizeof(Record));
}

// The newest slot with a valid checksum.
std::optional<Record> read_record(const std::array<std::byte, kFileBytes>& content) {
  std::optional<Slot> newest;
  for (std::size_t i = 0; i < 2; ++i) {
    Slot slot;
    std::memcpy(&slot, content.data() + i * sizeof(Slot), sizeof slot);
    const bool is_whole = slot.sequence != 0 && slot.checksum == checksum_of(slot);
    if (is_whole && (!newest || slot.sequence > newest->sequence)) newest = slot;
  }
  return newest ? std::optional(newest->record) : std::nullopt;
}

std::unexpected<Error> failure(const std::string& what) {
  return fail(ErrorCode::kInternalError, fmt::format("cannot {}: {}", what, std::strerror(errno)));
}

std::string new_name() { return fmt::format("{}{}-{:016x}", kPrefix, getpid(), random_u64()); }

// Creates a file and locks it. Before it is locked, another process may take it for the record of a dead process.
Result<Descriptor> make_locked(const std::string& path) {
  for (;;) {
    Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failure("make " + path);
    if (flock(*file, LOCK_EX) != 0) return failure("lock " + path);
    struct stat found{};
    if (fstat(*file, &found) != 0) return failure("look at " + path);
    if (found.st_nlink != 0) return file;
  }
}

bool is_dead_ones(const Descriptor& file, struct stat& found) {
  return file && fstat(*file, &found) == 0 && S_ISREG(found.st_mode) && found.st_uid == geteuid() &&
         flock(*file, LOCK_EX | LOCK_NB) == 0 && fstat(*file, &found) == 0 &&
         found.st_nlink != 0;  // another process may have taken it just before
}

std::optional<UncleanExit> take(int folder, const std::string& name) {
  const Descriptor file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  struct stat found{};
  if (!is_dead_ones(file, found)) return std::nullopt;
  std::array<std::byte, kFileBytes> content{};
  const ssize_t bytes = pread(*file, content.data(), content.size(), 0);
  unlinkat(folder, name.c_str(), 0);
  if (found.st_size == 0) return std::nullopt;  // its process was killed while it started
  return UncleanExit{name, bytes == static_cast<ssize_t>(kFileBytes) ? read_record(content) : std::nullopt};
}

}  // namespace

Result<std::unique_ptr<CrashRecord>> CrashRecord::create(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failure("make the folder " + folder);
  std::string path = folder + '/' + new_name();
  NEXUS_TRY(Descriptor file, make_locked(path));
  // Allocates the blocks now: a write to a mapped page without disk space would kill the process.
  errno = posix_fallocate(*file, 0, kFileBytes);
  void* const mapped =
      errno != 0 ? MAP_FAILED
                 : mmap(nullptr, kFileBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *file, 0);
  if (mapped == MAP_FAILED) {
    const auto error = failure(fmt::format("keep {} bytes in {}", kFileBytes, path));
    unlink(path.c_str());
    return error;
  }
  return std::unique_ptr<CrashRecord>(new CrashRecord(std::move(path), std::move(file), mapped));
}

CrashRecord::~CrashRecord() {
  unlink(path_.c_str());
  munmap(mapped_, kFileBytes);
}

void CrashRecord::update(const Record& record) {
  Slot slot{.checksum = 0, .sequence = ++sequence_, .record = record};
  slot.checksum = checksum_of(slot);
  std::memcpy(static_cast<std::byte*>(mapped_) + sequence_ % 2 * sizeof slot, &slot, sizeof slot);
}

std::vector<UncleanExit> take_unclean(const std::string& folder) {
  std::vector<UncleanExit> taken;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
  if (!opened) return taken;
  std::vector<std::string> names;
  while (const dirent* const entry = readdir(opened.get())) {
    if (std::string_view(entry->d_name).starts_with(kPrefix)) names.emplace_back(entry->d_name);
  }
  std::ranges::sort(names);
  for (const std::string& name : names) {
    if (auto exit = take(dirfd(opened.get()), name)) taken.push_back(*std::move(exit));
  }
  return taken;
}

}  // namespace nexus::diagnostics
