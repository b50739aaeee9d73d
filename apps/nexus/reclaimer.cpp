#include "reclaimer.h"

#include <fcntl.h>
#include <fmt/ranges.h>
#include <link.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <span>
#include <string_view>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/foundation/base/units.h"
#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::app {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds kTick{100};
constexpr std::chrono::milliseconds kBetweenEvents{20};  // under pressure there are many events
constexpr std::uint64_t kHandlersMs = 1000;              // between two requests for the largest handlers

// With less free memory than this, idle instances and unused images are given up. It suffices for the calls that start
// between two checks.
std::uint64_t scarce_bytes(std::uint64_t grantable) { return std::clamp(grantable / 8, 8_MiB, 128_MiB); }

// Releases the read-only pages of mapped files. The kernel's cache has them, and each comes back when it is used.
int give_back_pages(dl_phdr_info* object, std::size_t, void*) {
  if (object->dlpi_name == std::string_view("linux-vdso.so.1")) return 0;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr) / page * page;
    const std::uintptr_t end = object->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void set_up_allocator(std::size_t loops) {
  // Fixed, because glibc raises the threshold with each large block that is freed, and then keeps later ones in the
  // heap.
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_ARENA_MAX, static_cast<int>(loops) + 1);
}

Reclaimer::Reclaimer(std::span<const std::unique_ptr<ServingLoop>> loops, budget::MemoryMonitor& monitor,
                     system::PressureWatch& watch, budget::Ledger& ledger, const Clock& clock,
                     ExitRecord& record)
    : loops_(loops),
      monitor_(monitor),
      watch_(watch),
      ledger_(ledger),
      clock_(clock),
      record_(record),
      timer_(loops.front()->loop().get_executor()),
      pause_(timer_.get_executor()),
      events_(timer_.get_executor()),
      hungriest_(loops.size()) {
  const int events = watch.descriptor() < 0 ? -1 : fcntl(watch.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (events >= 0) events_.assign(events);
}

void Reclaimer::start() {
  policy_.start(clock_.monotonic_us() / 1000);
  container_limit_bytes_ = monitor_.view().limits.container_limit_bytes;
  record();
  asio::co_spawn(timer_.get_executor(), keep(), must_not_throw);
  if (!events_.is_open()) return;
  spdlog::debug("memory limits: checked by a timer, and on changes of {}", fmt::join(watch_.files(), ", "));
  asio::co_spawn(timer_.get_executor(), follow(), must_not_throw);
}

void Reclaimer::stop() {
  is_stopped_ = true;
  timer_.cancel();
  pause_.cancel();
  events_.close();
}

// Events during the pause stay in the watch.
Task<void> Reclaimer::follow() {
  while (!is_stopped_) {
    const auto [error] = co_await events_.async_wait(decltype(events_)::wait_read, kAwaitTuple);
    if (error || is_stopped_) co_return;
    watch_.take();
    look(is_at_rest(), "after an event");
    pause_.expires_after(kBetweenEvents);
    co_await pause_.async_wait(kAwaitTuple);
  }
}

Task<void> Reclaimer::keep() {
  while (!is_stopped_) {
    timer_.expires_after(kTick);
    co_await timer_.async_wait(kAwaitTuple);
    if (!is_stopped_) tick();
  }
}

bool Reclaimer::is_at_rest() const {
  return std::ranges::all_of(loops_, [](const auto& one) { return one->shard().pool().active_count() == 0; });
}

void Reclaimer::tick() {
  look_for_memory();
  const bool is_resting = is_at_rest();
  const RestPolicy::Decision decision = policy_.tick(
      {.now_ms = clock_.monotonic_us() / 1000,
       .is_resting = is_resting,
       .is_giving_back = tidying_ > 0,
       .kept_bytes = ledger_.granted(budget::Kind::kServer) + ledger_.granted(budget::Kind::kBuffers)});
  if (decision.forgets_start) dl_iterate_phdr(give_back_pages, nullptr);
  if (decision.gives_back) give_back_idle_memory();
  if (decision.looks) look(is_resting, "by timer");
}

void Reclaimer::look(bool is_resting, std::string_view reason) {
  monitor_.look(is_resting);
  record();
  ask_for_handlers();
  const system::MemoryLimits limits = monitor_.view().limits;
  if (limits.container_limit_bytes != std::exchange(container_limit_bytes_, limits.container_limit_bytes)) {
    spdlog::info(
        "the container's memory limit is now {}: {} may be granted ({})",
        limits.container_limit_bytes ? diagnostics::bytes_text(*limits.container_limit_bytes) : "none",
        diagnostics::bytes_text(limits.grantable_bytes), reason);
  }
  const std::uint64_t scarce = scarce_bytes(limits.grantable_bytes);
  if (const std::uint64_t free = ledger_.free_for(budget::Kind::kInstances); free < scarce) {
    for (const auto& one : loops_)
      asio::post(one->loop(), [&one = *one, bytes = scarce - free] { one.shard().reclaim(bytes); });
  }
}

void Reclaimer::record() {
  InProgress in_progress;
  started_ = 0;
  for (const auto& one : loops_) {
    const pool::InstancePool& pool = one->shard().pool();
    in_progress.running += pool.active_count();
    in_progress.queued += pool.waiting_count();
    started_ += pool.given_count();
  }
  record_.update(monitor_.view(), ledger_, in_progress);
}

// Does not wake the loops when nothing has run since.
void Reclaimer::ask_for_handlers() {
  const std::uint64_t now_ms = clock_.monotonic_us() / 1000;
  const bool is_news = started_ != asked_started_ || !is_at_rest();
  if (!is_news || now_ms - asked_ms_ < kHandlersMs) return;
  asked_ms_ = now_ms;
  asked_started_ = started_;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    asio::post(loops_[i]->loop(), [this, i] {
      asio::post(loops_.front()->loop(),
                 [this, i, top = loops_[i]->shard().hungriest(ExitRecord::kHandlers)]() mutable {
                   hungriest_[i] = std::move(top);
                   name_handlers();
                 });
    });
  }
}

void Reclaimer::name_handlers() {
  std::vector<metrics::HandlerUse> all;
  for (const auto& one : hungriest_)
    all.insert(all.end(), one.begin(), one.end());
  record_.name_handlers(
      metrics::top_handlers(std::move(all), metrics::HandlerOrder::kHeld, ExitRecord::kHandlers));
  record();
}

// In order of value: first what each loop keeps unused, then, when all loops are done, what the allocator keeps.
void Reclaimer::give_back_idle_memory() {
  for (const auto& one : loops_) {
    asio::post(one->loop(), [this, &one = *one] {
      asio::post(loops_.front()->loop(), [this, has_more = one.shard().tidy()] { tidied(has_more); });
    });
    ++tidying_;  // counts only the loops that were asked
  }
}

void Reclaimer::tidied(bool has_more) {
  if (has_more) policy_.found_more();
  if (--tidying_ > 0) return;
  malloc_trim(0);
  if (policy_.given_back()) dl_iterate_phdr(give_back_pages, nullptr);
}

}  // namespace nexus::app
