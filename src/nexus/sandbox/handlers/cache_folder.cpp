#include "nexus/sandbox/handlers/cache_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/descriptor.h"
#include "nexus/foundation/base/random.h"
#include "nexus/foundation/base/text.h"

namespace nexus::handlers {
namespace {

constexpr const char* kNew = "new";
constexpr const char* kTurns = "turns";
constexpr std::size_t kDigits = 16;  // in half a name
constexpr int kTries =
    250;  // to take a turn, every two milliseconds; another process holds it for one or two

std::unexpected<std::error_code> failed(int error = errno) {
  return std::unexpected(std::error_code(error, std::generic_category()));
}

// nullopt if it is not the name of an image file.
std::optional<Digest> name_of(std::string_view text) {
  if (text.size() != 2 * kDigits) return std::nullopt;
  const auto high = hex_number(text.substr(0, kDigits)), low = hex_number(text.substr(kDigits));
  return high && low ? std::optional(Digest{*high, *low}) : std::nullopt;
}

CachedFile describe(const Digest& name, const struct stat& file) {
  const auto& used = file.st_mtim;
  return {name, static_cast<std::uint64_t>(file.st_size),
          std::int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000};
}

bool set_used(int fd, std::int64_t now_ms) {
  const timespec now{now_ms / 1000, now_ms % 1000 * 1'000'000};
  const timespec times[] = {now, now};
  return futimens(fd, times) == 0;
}

struct Close {
  void operator()(DIR* folder) const { closedir(folder); }
};

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

class Turn final : public CacheTurn {
 public:
  Turn(Descriptor file, std::uint64_t number) : file_(std::move(file)), number_(number) {}
  std::uint64_t number() const override { return number_; }

 private:
  Descriptor file_;  // closing it ends the lock
  std::uint64_t number_;
};

class Folder final : public CacheFiles {
 public:
  Folder(Descriptor folder, std::string path, bool is_in_memory)
      : folder_(std::move(folder)), path_(std::move(path)), is_in_memory_(is_in_memory) {}

  std::string_view path() const override { return path_; }
  bool is_in_memory() const override { return is_in_memory_; }

  Attempt<std::vector<std::byte>> read(const Digest& name, std::int64_t now_ms) override {
    const Descriptor file(
        openat(*folder_, hex(name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat about{};
    if (!file || fstat(*file, &about) != 0) return failed();
    if (!S_ISREG(about.st_mode) || about.st_uid != geteuid()) return failed(EPERM);
    if (static_cast<std::uint64_t>(about.st_size) > kMostFileBytes) return failed(EFBIG);
    std::vector<std::byte> bytes(static_cast<std::size_t>(about.st_size));
    const auto got = ::read(*file, bytes.data(), bytes.size());
    if (got < 0) return failed();
    bytes.resize(static_cast<std::size_t>(got));
    set_used(*file, now_ms);  // stays unchanged in a read-only folder
    return bytes;
  }

  Attempt<CachedFile> look_at(const Digest& name) override {
    struct stat about{};
    if (fstatat(*folder_, hex(name).c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) return failed();
    return describe(name, about);
  }

  Attempt<std::vector<CachedFile>> list() override {
    // Opens the folder again: a duplicated descriptor would share the read position.
    const int fd = openat(*folder_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed();
    const std::unique_ptr<DIR, Close> entries(fdopendir(fd));
    if (entries == nullptr) {
      const int error = errno;
      close(fd);
      return failed(error);
    }
    std::vector<CachedFile> files;
    while (const dirent* entry = readdir(entries.get())) {
      const auto name = name_of(entry->d_name);
      if (!name) continue;
      if (const auto file = look_at(*name)) files.push_back(*file);
    }
    return files;
  }

  Attempt<std::unique_ptr<CacheTurn>> take_turn() override {
    for (int attempt = 0; attempt < kTries; ++attempt) {
      if (attempt > 0) sleep_on_thread(std::chrono::milliseconds(2));  // flock has no timeout
      Descriptor file(openat(*folder_, kTurns, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!file) return failed();
      if (flock(*file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK || errno == EINTR) continue;
        return failed();
      }
      struct stat about{};
      if (fstat(*file, &about) != 0) return failed();
      if (about.st_nlink == 0) continue;  // the file was deleted: other processes will lock a new one
      // A new file starts at a random number, so that its numbers differ from those of a deleted one.
      std::uint64_t number = 0;
      if (pread(*file, &number, sizeof number, 0) != sizeof number) number = random_u64();
      ++number;
      // Written before any change, so that other processes notice even an interrupted turn.
      if (pwrite(*file, &number, sizeof number, 0) != sizeof number) return failed();
      return std::make_unique<Turn>(std::move(file), number);
    }
    return failed(ETIMEDOUT);
  }

  Attempt<void> write(const Digest& name, std::span<const std::byte> bytes, std::int64_t now_ms) override {
    unlinkat(*folder_, kNew, 0);  // left by a process that ended while writing
    const Descriptor file(openat(*folder_, kNew, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file) return failed();
    if (write_all(*file, bytes) && set_used(*file, now_ms) &&
        renameat(*folder_, kNew, *folder_, hex(name).c_str()) == 0) {
      return {};
    }
    const int error = errno;
    unlinkat(*folder_, kNew, 0);
    return failed(error);
  }

  Attempt<void> remove(const Digest& name) override {
    if (unlinkat(*folder_, hex(name).c_str(), 0) != 0 && errno != ENOENT) return failed();
    return {};
  }

 private:
  const Descriptor folder_;
  const std::string path_;
  const bool is_in_memory_;
};

std::unexpected<Error> cannot(std::string_view what, const std::string& path, int error = errno) {
  return fail(ErrorCode::kInternalError,
              fmt::format("{} {}: {}", what, path, std::generic_category().message(error)));
}

// Removes files that others may have put into the folder.
Result<void> make_private(int folder, const std::string& path, CacheFiles& files) {
  if (fchmod(folder, 0700) != 0) return cannot("cannot close to others:", path);
  const auto found = files.list();
  if (!found) return cannot("cannot list", path, found.error().value());
  for (const CachedFile& file : *found) {
    if (const auto gone = files.remove(file.name); !gone)
      return cannot("cannot empty", path, gone.error().value());
  }
  return {};
}

Result<std::shared_ptr<CacheFiles>> open_in(const Descriptor& directory, const std::string& path,
                                            const std::string& name) {
  Descriptor folder(openat(*directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!folder && errno == ENOENT) return nullptr;
  struct stat about{};
  struct statfs system{};
  if (!folder || fstat(*folder, &about) != 0 || fstatfs(*folder, &system) != 0)
    return cannot("cannot open", path);
  if (about.st_uid != geteuid())
    return fail(ErrorCode::kInternalError, fmt::format("{} belongs to another user", path));
  const int fd = *folder;
  auto files = std::make_shared<Folder>(std::move(folder), path, is_memory(system));
  if ((about.st_mode & 0077) != 0) {
    if (auto closed = make_private(fd, path, *files); !closed) return std::unexpected(closed.error());
  }
  return files;
}

enum class IfMissing : bool { kMake, kLeave };

Result<std::shared_ptr<CacheFiles>> open_folder(const std::string& directory, IfMissing if_missing) {
  const bool makes = if_missing == IfMissing::kMake;
  const int unmade = makes && mkdir(directory.c_str(), 0700) != 0 ? errno : 0;
  const Descriptor parent(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent && errno == ENOENT) {
    if (makes) return cannot("cannot make", directory, unmade);
    return nullptr;
  }
  if (!parent) return cannot("cannot open", directory);
  const std::string name = fmt::format("images-{}", geteuid());
  const std::string path = fmt::format("{}/{}", directory, name);
  const int unmade_ours = makes && mkdirat(*parent, name.c_str(), 0700) != 0 ? errno : 0;
  auto opened = open_in(parent, path, name);
  if (opened && *opened == nullptr && makes) return cannot("cannot make", path, unmade_ours);
  return opened;
}

}  // namespace

bool is_memory(const struct statfs& filesystem) {
  return filesystem.f_type == TMPFS_MAGIC || filesystem.f_type == RAMFS_MAGIC;
}

Result<std::shared_ptr<CacheFiles>> open_cache_folder(const std::string& directory) {
  return open_folder(directory, IfMissing::kMake);
}

Result<std::shared_ptr<CacheFiles>> find_cache_folder(const std::string& directory) {
  return open_folder(directory, IfMissing::kLeave);
}

}  // namespace nexus::handlers
