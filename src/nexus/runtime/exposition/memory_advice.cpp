#include "nexus/runtime/exposition/memory_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::exposition {
namespace {

using diagnostics::bytes_text;

constexpr std::uint64_t kLeastAdvised = 2_MiB;  // the interpreter alone takes 1.4 MiB
constexpr std::size_t kMostOfOneSort = 3;       // handlers named in one kind of advice

std::string_view times(std::uint64_t count) { return count == 1 ? "time" : "times"; }

class Advice {
 public:
  Advice(const MemoryFacts& facts, const metrics::AdmissionProbe& refusals,
         std::span<const metrics::HandlerUse> handlers)
      : facts_(facts), limits_(facts.view.limits), refusals_(refusals), handlers_(handlers) {}

  std::vector<std::string> give() && {
    about_refusals();
    about_unaccounted();
    about_cache();
    about_handlers_near_their_limit();
    about_limit_of_all();
    about_limits_of_their_own();
    if (!limits_.container_limit_bytes && limits_.budget_bytes > 0) {
      say("no container limit: MEMORY_BUDGET_MB bounds the process, at {} now",
          bytes_text(limits_.budget_bytes));
    }
    return std::move(lines_);
  }

 private:
  template <class... Args>
  void say(fmt::format_string<Args...> text, Args&&... args) {
    lines_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  void about_refusals() {
    for (std::size_t layer = 0; layer < metrics::kLayers.size(); ++layer) {
      const std::uint64_t count = refusals_.by_layer[layer];
      if (count == 0) continue;
      say("refused {} {} by the {}: {}", count, times(count), metrics::kLayers[layer],
          remedy(metrics::kLayers[layer]));
    }
  }

  std::string remedy(std::string_view layer) const {
    if (layer == "container")
      return fmt::format("raise the container's memory limit, or {}", what_frees_most());
    if (layer == "budget") return fmt::format("raise MEMORY_BUDGET_MB, or {}", what_frees_most());
    if (layer == "panel") return "spread the load over panels, or raise MAX_PANEL_QUEUE";
    return fmt::format(
        "raise MAX_INSTANCES (now {}), MAX_QUEUE or QUEUE_TIMEOUT_MS, or make handlers shorter",
        facts_.max_instances);
  }

  std::string_view what_frees_most() const {
    const auto held = [&](budget::Kind kind) { return facts_.ledger.accounts.granted(kind); };
    budget::Kind most = budget::Kind::kInstances;
    for (const auto kind : {budget::Kind::kServer, budget::Kind::kImages, budget::Kind::kSuspended,
                            budget::Kind::kCache, budget::Kind::kBuffers})
      if (held(kind) > held(most)) most = kind;
    switch (most) {
      case budget::Kind::kServer:
        return "keep less in panels: their states and tools hold the most";
      case budget::Kind::kImages:
        return "lower IMAGE_CACHE_MB";
      case budget::Kind::kSuspended:
        return "let handlers keep less while they wait";
      case budget::Kind::kCache:
        return "lower MAX_CACHE_SIZE_MB";
      case budget::Kind::kBuffers:
        return "lower BODY_LIMIT";
      case budget::Kind::kInstances:
        break;
    }
    return "lower MAX_INSTANCES";
  }

  void about_unaccounted() {
    if (facts_.view.unaccounted_bytes <= limits_.reserve_bytes) return;
    say("{} are used beyond what was granted, more than the reserve of {}: raise {}",
        bytes_text(facts_.view.unaccounted_bytes), bytes_text(limits_.reserve_bytes), limits_.setting);
  }

  // The ledger charges files of the cache only on tmpfs, where they are memory.
  void about_cache() {
    const std::uint64_t cache = facts_.ledger.accounts.granted(budget::Kind::kCache);
    const std::uint64_t given = limits_.container_limit_bytes.value_or(limits_.budget_bytes);
    if (cache == 0 || cache < given / 16) return;
    say("the {} has {}; the cache on tmpfs takes {} of it: a CACHE_DIR on a disk, or a lower "
        "MAX_CACHE_SIZE_MB, would free it",
        limits_.container_limit_bytes ? "container" : "budget", bytes_text(given), bytes_text(cache));
  }

  bool has_limit_of_its_own(const metrics::HandlerUse& handler) const {
    return handler.memory_limit_bytes != facts_.memory_limit_bytes;
  }

  void about_handlers_near_their_limit() {
    std::size_t said = 0;
    for (const metrics::HandlerUse& handler : handlers_) {
      const std::uint64_t limit = handler.memory_limit_bytes;
      if (limit == 0 || handler.high_water_bytes < limit - limit / 8 || said == kMostOfOneSort) continue;
      ++said;
      say("{} has used {} of its {}: raise {}, or it will end in MEMORY_LIMIT", handler.name,
          bytes_text(handler.high_water_bytes), bytes_text(limit),
          has_limit_of_its_own(handler) ? "its memoryLimitBytes" : "MEMORY_LIMIT_MB");
    }
  }

  // Twice what nearly all executions need, and enough that the highest use seen does not come near the limit again.
  static std::uint64_t sufficient_mib(const metrics::HandlerUse& handler) {
    const std::uint64_t highest = handler.high_water_bytes;
    const std::uint64_t needed =
        std::max({2 * handler.p99_bytes, highest + highest / 7 + kWasmPageBytes, kLeastAdvised});
    return std::bit_ceil((needed + 1_MiB - 1) / 1_MiB);
  }

  // A lower limit in MiB that would suffice, when the present one is at least four times what nearly all executions
  // need; 0: keep it.
  static std::uint64_t lower_limit_mib(const metrics::HandlerUse& handler) {
    if (handler.executions < kEnoughExecutions || handler.image_bytes == 0 ||
        handler.memory_limit_bytes / 4 < handler.p99_bytes)
      return 0;
    const std::uint64_t mib = sufficient_mib(handler);
    return mib * 1_MiB < handler.memory_limit_bytes ? mib : 0;
  }

  // The handler that needs the most decides for all, even if it has run only a few times.
  void about_limit_of_all() {
    const metrics::HandlerUse* decides = nullptr;
    for (const metrics::HandlerUse& handler : handlers_) {
      if (has_limit_of_its_own(handler)) continue;
      if (decides == nullptr || sufficient_mib(handler) > sufficient_mib(*decides)) decides = &handler;
    }
    const std::uint64_t mib = decides != nullptr ? lower_limit_mib(*decides) : 0;
    if (mib == 0) return;
    say("MEMORY_LIMIT_MB is {}; p99 of {} is {}: {} would do", facts_.memory_limit_bytes / 1_MiB,
        decides->name, bytes_text(decides->p99_bytes), mib);
  }

  void about_limits_of_their_own() {
    std::size_t said = 0;
    for (const metrics::HandlerUse& handler : handlers_) {
      const std::uint64_t mib = has_limit_of_its_own(handler) ? lower_limit_mib(handler) : 0;
      if (mib == 0 || said == kMostOfOneSort) continue;
      ++said;
      say("memoryLimitBytes of {} is {}; its p99 is {}: {} MiB would do", handler.name,
          bytes_text(handler.memory_limit_bytes), bytes_text(handler.p99_bytes), mib);
    }
  }

  const MemoryFacts& facts_;
  const system::MemoryLimits& limits_;
  const metrics::AdmissionProbe& refusals_;
  std::span<const metrics::HandlerUse> handlers_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> memory_advice(const MemoryFacts& facts, const metrics::AdmissionProbe& refusals,
                                       std::span<const metrics::HandlerUse> handlers) {
  return Advice(facts, refusals, handlers).give();
}

}  // namespace nexus::exposition
