#include "nexus/sandbox/memory/delta.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

#include "nexus/sandbox/memory/changes.h"

namespace nexus::memory {
namespace {

constexpr std::size_t kHeapBlockBytes = 16;  // the allocator's overhead per block, at most
constexpr std::size_t kMostPartBytes = 256 << 10;
constexpr std::size_t kMostPagesLookedAt = (4 << 20) / kPageBytes;  // in one step: about a millisecond
constexpr std::size_t kMostTypicalBytes = 64 << 10;
constexpr int kLevel = 1;  // higher levels gain little on a few KB

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Creating a context costs more than using it. Throws std::bad_alloc; the next call tries again.
template <class Context>
Context* context_of(Context* (*create)()) {
  thread_local std::unique_ptr<Context, FreeContext> context;
  if (context == nullptr) context.reset(create());
  if (context == nullptr) throw std::bad_alloc();
  return context.get();
}
ZSTD_CCtx* compressor() { return context_of(ZSTD_createCCtx); }
ZSTD_DCtx* decompressor() { return context_of(ZSTD_createDCtx); }

// A buffer per thread for one part, raw or compressed; it is within the reserve.
std::vector<std::byte>& scratch() {
  thread_local std::vector<std::byte> bytes;
  bytes.clear();
  bytes.reserve(ZSTD_COMPRESSBOUND(kMostPartBytes));
  return bytes;
}

bool is_same(const Image& a, const Image& b) {
  return &a == &b || (a.size_bytes() == b.size_bytes() && a.digest() == b.digest());
}

// Charged if the ledger grants it, otherwise uncharged.
std::shared_ptr<const Pages> unfolded(const Image& image, budget::Ledger& ledger) {
  auto pages = image.unfold(&ledger);
  return pages != nullptr ? pages : image.unfold();
}

Error refusal_of_growth(const LinearMemory& memory, std::size_t wanted) {
  Error error{.code = ErrorCode::kOverloaded, .message = "no memory to put an execution back into"};
  error.limit = memory.refusal();
  if (error.limit && error.limit->layer == "handler") {
    error.code = ErrorCode::kMemoryLimit;
    error.message = "the execution holds more memory than its limit allows now";
  }
  if (!error.limit) error.limit = LimitReached{"container", "memory", memory.size(), wanted};
  return error;
}

}  // namespace

Result<DeltaCapture> DeltaCapture::begin(LinearMemory& memory, std::size_t dead_pages,
                                         budget::Ledger& ledger) {
  assert(memory.image() != nullptr);
  NEXUS_TRY(auto grant, ledger.grant(budget::Kind::kSuspended, sizeof(Delta)));
  return DeltaCapture(memory, dead_pages, Delta(memory.image(), memory.size(), std::move(grant)));
}

DeltaCapture::DeltaCapture(LinearMemory& memory, std::size_t dead_pages, Delta delta)
    : memory_(memory),
      dead_pages_(dead_pages),
      before_(unfolded(*memory.image(), *delta.grant_.ledger())),
      left_(memory.hot().runs()),
      delta_(std::move(delta)) {
  const std::size_t pages = memory.size() / kPageBytes, of_image = memory.image()->pages();
  if (pages > of_image) left_.push_back({of_image, pages - of_image});
  for (PageRun& run : left_) {
    const std::size_t dead = std::min(run.count, dead_pages - std::min(run.first, dead_pages));
    run = {run.first + dead, run.count - dead};
  }
  std::erase_if(left_, [](const PageRun& run) { return run.count == 0; });
  std::ranges::reverse(left_);
}

Result<bool> DeltaCapture::go_on() {
  std::vector<std::byte>& changes = scratch();
  const auto is_full = [&] { return changes.size() > kMostPartBytes - kMostChangedPageBytes; };
  std::size_t looked_at = 0;
  while (!left_.empty() && looked_at < kMostPagesLookedAt && !is_full()) {
    const auto [page, count] = left_.back();
    left_.back() = {page + 1, count - 1};
    if (count == 1) left_.pop_back();
    ++looked_at;
    const std::size_t size = changes.size();
    const std::byte* const before = before_->content(page);
    append_changes(changes, page, memory_.base() + page * kPageBytes, before);
    if (changes.size() == size) continue;
    ++delta_.pages_;
    if (page < memory_.image()->pages())
      memory_.put_back(page, std::span(changes).subspan(size + sizeof(ChangedPage)), before);
  }
  if (!changes.empty()) {
    if (auto kept = delta_.keep(changes); !kept) return std::unexpected(std::move(kept.error()));
  }
  return !left_.empty();
}

Delta::Part Delta::part_of(std::span<const std::byte> bytes) {
  Part part{std::make_unique_for_overwrite<std::byte[]>(bytes.size()),
            static_cast<std::uint32_t>(bytes.size())};
  std::memcpy(part.bytes.get(), bytes.data(), bytes.size());  // std::copy would copy byte by byte here
  return part;
}

// Moves the changes into a new part and clears them.
Result<void> Delta::keep(std::vector<std::byte>& changes) {
  const std::size_t bytes = changes.size() + kHeapBlockBytes + (parts_.empty() ? 0 : sizeof(Part));
  if (auto room = grant_.grow_by(bytes, budget::Need::kStart); !room) return room;
  parts_.push_back(part_of(changes));
  changes.clear();
  return {};
}

std::size_t Delta::compress_some() {
  if (is_compressed()) return 0;
  ZSTD_CCtx* const context = compressor();
  Part& part = parts_[compressed_parts_];
  const std::span<const std::byte> changes = part.all();
  auto like = like_ != nullptr
                  ? like_
                  : image_->typical_changes(changes.first(std::min(changes.size(), kMostTypicalBytes)));
  std::vector<std::byte>& compressed = scratch();
  compressed.resize(ZSTD_compressBound(changes.size()));
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_refPrefix(context, like->data(), like->size());
  const std::size_t size =
      ZSTD_compress2(context, compressed.data(), compressed.size(), changes.data(), changes.size());
  const std::size_t looked_at = changes.size();
  if (ZSTD_isError(size) || size >= looked_at) {
    ++compressed_parts_;
    return looked_at;
  }
  part = part_of(std::span(compressed).first(size));
  ++compressed_parts_;
  part.is_compressed = true;
  like_ = std::move(like);
  grant_.shrink_to(grant_.bytes() - (looked_at - size));
  return looked_at;
}

// The raw changes, valid until the next call; empty if they cannot be decompressed.
std::span<const std::byte> Delta::changes_of(const Part& part) const {
  if (!part.is_compressed) return part.all();
  std::vector<std::byte>& raw = scratch();
  raw.resize(ZSTD_getFrameContentSize(part.bytes.get(), part.size));
  ZSTD_DCtx* const context = decompressor();
  ZSTD_DCtx_refPrefix(context, like_->data(), like_->size());
  const std::size_t size = ZSTD_decompressDCtx(context, raw.data(), raw.size(), part.bytes.get(), part.size);
  return size == raw.size() ? raw : std::span<const std::byte>();
}

Result<void> Delta::make_room_in(LinearMemory& memory) const {
  if (memory.image() == nullptr || !is_same(*memory.image(), *image_)) {
    return fail(ErrorCode::kInternalError,
                "a delta does not fit a memory that holds another image than its own");
  }
  assert(memory.is_pristine());
  if (!memory.grow_to(size_)) return std::unexpected(refusal_of_growth(memory, size_));
  return {};
}

Result<void> Delta::restore_part(LinearMemory& memory, std::size_t part) const {
  const auto changes = changes_of(parts_[part]);
  if (changes.empty()) return fail(ErrorCode::kInternalError, "a compressed delta cannot be read");
  const Running running(memory);  // a write to a cold page makes it hot by a fault, as under the guest
  for_each_change(changes, [&](std::size_t page, std::span<const std::byte> runs) {
    put_runs(memory.base() + page * kPageBytes, runs);
  });
  return memory.settle();
}

}  // namespace nexus::memory
