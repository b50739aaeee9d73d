#include "nexus/memory/delta.h"

#include <cassert>
#include <cstring>

namespace nexus::memory {
namespace {

bool is_same(const Image& a, const Image& b) {
  return &a == &b || (a.size_bytes() == b.size_bytes() && a.digest() == b.digest());
}

Error refusal_of_growth(const LinearMemory& memory, std::size_t wanted) {
  Error error{.code = ErrorCode::kOverloaded, .message = "no memory to put an execution back into"};
  error.limit = memory.refusal();
  if (error.limit && error.limit->wall == "handler") {
    error.code = ErrorCode::kMemoryLimit;
    error.message = "the execution holds more memory than its limit allows now";
  }
  if (!error.limit) error.limit = LimitReached{"container", "memory", memory.size(), wanted};
  return error;
}

}  // namespace

Delta Delta::take(const LinearMemory& memory) {
  assert(memory.image() != nullptr);
  const Image& image = *memory.image();
  const auto start = image.unfold();
  Delta delta(memory.image(), memory.size());
  std::vector<PageRun> looked_at = memory.hot().runs();
  const std::size_t pages = memory.size() / kPageBytes;
  if (pages > image.pages()) looked_at.push_back({image.pages(), pages - image.pages()});
  for (const PageRun run : looked_at) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (!start->equals(page, memory.base() + page * kPageBytes)) {
        delta.pages_.push_back(static_cast<std::uint32_t>(page));
      }
    }
  }
  // Once the count is known: nothing is allocated twice, and nothing beyond what is charged.
  delta.pages_.shrink_to_fit();
  delta.contents_.resize(delta.pages_.size() * kPageBytes);
  std::byte* kept = delta.contents_.data();
  for (const std::uint32_t page : delta.pages_) {
    std::memcpy(kept, memory.base() + page * kPageBytes, kPageBytes);
    kept += kPageBytes;
  }
  return delta;
}

Result<void> Delta::apply_to(LinearMemory& memory) const {
  if (memory.image() == nullptr || !is_same(*memory.image(), *image_)) {
    return fail(ErrorCode::kInternalError,
                "a delta does not fit a memory that holds another image than its own");
  }
  assert(memory.is_pristine());
  if (!memory.grow_to(size_)) return std::unexpected(refusal_of_growth(memory, size_));
  const Running running(memory);  // a cold page becomes hot by the fault, as under the guest
  const std::byte* kept = contents_.data();
  for (const std::uint32_t page : pages_) {
    std::memcpy(memory.base() + page * kPageBytes, kept, kPageBytes);
    kept += kPageBytes;
  }
  return memory.settle();
}

std::size_t Delta::bytes() const {
  return contents_.size() + pages_.size() * sizeof(pages_[0]) + sizeof *this;
}

}  // namespace nexus::memory
