// Owns an open file descriptor and closes it in the destructor.
#pragma once

#include <unistd.h>

#include <utility>

namespace nexus {

// A negative descriptor means that no file is open.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  // Leaves it open, and to whoever has it now.
  int release() { return std::exchange(fd_, -1); }
  int operator*() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

}  // namespace nexus
