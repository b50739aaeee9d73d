// `nexus cache prune`: removes the handler images from CACHE_DIR.
#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "load_settings.h"
#include "nexus/sandbox/handlers/cache_folder.h"
#include "nexus/sandbox/handlers/cache_store.h"

namespace nexus::app {
namespace {

int give_up(std::string_view what) {
  fmt::print(stderr, "nexus cache prune: {}\n", what);
  return kFailed;
}

}  // namespace

int prune_cache(const CachePruneCommand& command) {
  const auto settings = load_settings(command.config);
  if (!settings) return kAskedWrongly;
  const std::string& directory = settings->runtime.cache_dir;
  if (directory.empty()) return give_up("CACHE_DIR is empty: no images are kept on disk");
  const auto files = handlers::find_cache_folder(directory);
  if (!files) return give_up(files.error().message);
  if (*files == nullptr) {
    fmt::print("no cache in {}\n", directory);
    return kDone;
  }
  const auto pruned = handlers::prune(**files);
  if (!pruned && pruned.error() == std::errc::timed_out)
    return give_up(fmt::format("another process keeps {} locked", (*files)->path()));
  if (!pruned) return give_up(fmt::format("{}: {}", (*files)->path(), pruned.error().message()));
  fmt::print("removed {} images, {} bytes, from {}\n", pruned->files, pruned->bytes, (*files)->path());
  return kDone;
}

}  // namespace nexus::app
