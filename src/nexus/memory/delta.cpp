#include "nexus/memory/delta.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>

#include "nexus/memory/changes.h"

namespace nexus::memory {
namespace {

constexpr std::size_t kHeapBlockBytes = 16;  // what the allocator adds to a block at most
constexpr std::size_t kMostTypicalBytes = 64 << 10;
constexpr int kLevel = 1;  // higher ones gain little on a few KB

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Making a context costs more than using it.
ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  return context.get();
}
ZSTD_DCtx* decompressor() {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  return context.get();
}

std::vector<std::byte>& scratch() {
  constexpr std::size_t kMostKeptBytes = 256 << 10;
  thread_local std::vector<std::byte> bytes;
  bytes.clear();
  if (bytes.capacity() > kMostKeptBytes) bytes.shrink_to_fit();
  return bytes;
}

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

Result<Delta> Delta::take(const LinearMemory& memory, std::size_t dead_pages, budget::Ledger& ledger) {
  assert(memory.image() != nullptr);
  const Image& image = *memory.image();
  const auto before = image.unfold();
  Delta delta(memory.image(), memory.size());
  std::vector<std::byte>& changes = scratch();
  const auto look_at = [&](PageRun run) {
    for (std::size_t page = std::max(run.first, dead_pages); page < run.first + run.count; ++page) {
      const std::size_t size = changes.size();
      append_changes(changes, page, memory.base() + page * kPageBytes, before->content(page));
      if (changes.size() != size) ++delta.pages_;
    }
  };
  for (const PageRun run : memory.hot().runs())
    look_at(run);
  const std::size_t pages = memory.size() / kPageBytes;
  if (pages > image.pages()) look_at({image.pages(), pages - image.pages()});
  NEXUS_TRY(delta.grant_,
            ledger.grant(budget::Kind::kSuspended, sizeof delta + changes.size() + kHeapBlockBytes));
  delta.changes_.assign(changes.begin(), changes.end());
  return delta;
}

void Delta::pack() {
  if (is_packed_) return;
  std::vector<std::byte>& packed = scratch();
  packed.resize(ZSTD_compressBound(changes_.size()));
  auto like =
      image_->typical_changes(std::span(changes_).first(std::min(changes_.size(), kMostTypicalBytes)));
  ZSTD_CCtx* const context = compressor();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_refPrefix(context, like->data(), like->size());
  const std::size_t size =
      ZSTD_compress2(context, packed.data(), packed.size(), changes_.data(), changes_.size());
  if (ZSTD_isError(size) || size >= changes_.size()) return;
  changes_ = std::vector<std::byte>(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
  like_ = std::move(like);
  is_packed_ = true;
  grant_.shrink_to(sizeof *this + size + kHeapBlockBytes);
}

Result<void> Delta::apply_to(LinearMemory& memory) const {
  if (memory.image() == nullptr || !is_same(*memory.image(), *image_)) {
    return fail(ErrorCode::kInternalError,
                "a delta does not fit a memory that holds another image than its own");
  }
  assert(memory.is_pristine());
  std::span<const std::byte> changes = changes_;
  if (is_packed_) {
    std::vector<std::byte>& raw = scratch();
    raw.resize(ZSTD_getFrameContentSize(changes_.data(), changes_.size()));
    ZSTD_DCtx* const context = decompressor();
    ZSTD_DCtx_refPrefix(context, like_->data(), like_->size());
    const std::size_t size =
        ZSTD_decompressDCtx(context, raw.data(), raw.size(), changes_.data(), changes_.size());
    if (size != raw.size()) return fail(ErrorCode::kInternalError, "a packed delta cannot be read");
    changes = raw;
  }
  if (!memory.grow_to(size_)) return std::unexpected(refusal_of_growth(memory, size_));
  const Running running(memory);  // a cold page becomes hot by the fault, as under the guest
  for_each_change(changes, [&](std::size_t page, std::span<const std::byte> runs) {
    put_runs(memory.base() + page * kPageBytes, runs);
  });
  return memory.settle();
}

}  // namespace nexus::memory
