// Waits for a file to change, whether an editor writes it in place or replaces it.
#pragma once

#include <string>

#include "nexus/foundation/base/error.h"

namespace nexus::app {

class FileWatch {
 public:
  static Result<FileWatch> create(const std::string& path);
  ~FileWatch();
  FileWatch(FileWatch&& other) noexcept;
  FileWatch& operator=(FileWatch&&) = delete;

  // Returns when the file has changed since the last call.
  void wait();

 private:
  FileWatch(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  bool is_about_file(const char* begin, const char* end) const;

  int descriptor_;
  std::string name_;  // within the watched folder
};

}  // namespace nexus::app
