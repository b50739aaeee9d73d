#include "panel_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace nexus::app {
namespace {

namespace fs = std::filesystem;

Result<std::vector<std::string>> files_of(const std::string& argument) {
  std::error_code error;
  if (!fs::is_directory(argument, error)) return std::vector{argument};
  std::vector<std::string> files;
  for (fs::directory_iterator entry(argument, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".json") files.push_back(entry->path().string());
  }
  if (error) {
    return fail(ErrorCode::kInvalidConfiguration,
                fmt::format("cannot read {}: {}", argument, error.message()));
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    return fail(ErrorCode::kInvalidConfiguration, fmt::format("cannot read {}: it is a folder", path));
  }
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return fail(ErrorCode::kInvalidConfiguration,
                fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  return text;
}

Result<std::vector<PanelFile>> read_panel_files(const std::vector<std::string>& arguments) {
  std::vector<PanelFile> read;
  for (const std::string& argument : arguments) {
    NEXUS_TRY(const std::vector<std::string> files, files_of(argument));
    for (const std::string& path : files) {
      NEXUS_TRY(std::string json, read_file(path));
      const fs::path folder = fs::path(path).parent_path();
      read.push_back(
          {path, std::move(json), [folder](const std::string& name) { return read_file(folder / name); }});
    }
  }
  return read;
}

}  // namespace nexus::app
