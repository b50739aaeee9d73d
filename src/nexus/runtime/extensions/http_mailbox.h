// Work for the http thread from other threads. Some of them may outlive it; what they post then is dropped.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "nexus/foundation/base/descriptor.h"

namespace nexus::extensions {

// Thread-safe.
class HttpMailbox {
 public:
  using Work = std::move_only_function<void()>;

  HttpMailbox();  // is_open() is false when no file descriptor is available

  bool is_open() const { return bool(event_); }
  int event() const { return *event_; }  // readable while there is work
  void post(Work work);
  std::vector<Work> take();
  // Later posts are dropped.
  void close();

 private:
  const Descriptor event_;
  std::mutex mutex_;
  std::vector<Work> work_;
  bool is_closed_ = false;
};

}  // namespace nexus::extensions
