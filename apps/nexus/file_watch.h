// Waits for a file to change, whether an editor writes it in place or replaces it.
#pragma once

#include <string>
#include <utility>

#include "nexus/foundation/base/descriptor.h"
#include "nexus/foundation/base/error.h"

namespace nexus::app {

class FileWatch {
 public:
  static Result<FileWatch> create(const std::string& path);

  // Returns when the file has changed since the last call.
  void wait();

 private:
  FileWatch(Descriptor descriptor, std::string name)
      : descriptor_(std::move(descriptor)), name_(std::move(name)) {}
  bool is_about_file(const char* begin, const char* end) const;

  Descriptor descriptor_;
  std::string name_;  // within the watched folder
};

}  // namespace nexus::app
