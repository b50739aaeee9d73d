#include "nexus/runtime/extensions/http_mailbox.h"

#include <sys/eventfd.h>

#include <utility>

namespace nexus::extensions {

HttpMailbox::HttpMailbox() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void HttpMailbox::post(Work work) {
  const std::lock_guard lock(mutex_);
  if (is_closed_) return;
  work_.push_back(std::move(work));
  if (work_.size() == 1) eventfd_write(*event_, 1);
}

std::vector<HttpMailbox::Work> HttpMailbox::take() {
  const std::lock_guard lock(mutex_);
  eventfd_t unused = 0;
  eventfd_read(*event_, &unused);
  return std::exchange(work_, {});
}

void HttpMailbox::close() {
  std::vector<Work> dropped;
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  dropped.swap(work_);
}

}  // namespace nexus::extensions
