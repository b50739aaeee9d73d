// A memory group of version 1, limited to 64 MiB, which the test creates and removes. Skipped without the permission.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

namespace nexus::system {

inline bool write_text(const std::string& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  file.flush();
  return file.good();
}

class RealGroup : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = "/sys/fs/cgroup/memory/nexus-test-" + std::to_string(getpid());
    if (mkdir(folder_.c_str(), 0700) != 0) {
      folder_.clear();
      GTEST_SKIP() << "no control group of version 1 can be made here: " << std::strerror(errno);
    }
    if (!write_text(folder_ + "/memory.limit_in_bytes", "67108864"))
      GTEST_SKIP() << "a group's limit cannot be set here";
  }

  // REQUIRES: its processes have been waited for.
  void TearDown() override {
    if (folder_.empty()) return;
    int status = rmdir(folder_.c_str());
    while (status != 0 && errno == EBUSY)  // its last process has not quite ended
      status = rmdir(folder_.c_str());
    EXPECT_EQ(status, 0) << std::strerror(errno);
  }

  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace nexus::system
