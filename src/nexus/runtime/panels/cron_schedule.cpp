#include "nexus/runtime/panels/cron_schedule.h"

#include "nexus/runtime/panels/cron_engine.h"

namespace nexus::panels {
namespace {

void keep_message(void* context, const char* message, std::size_t size) noexcept {
  static_cast<std::string*>(context)->assign(message, size);
}

}  // namespace

void CronSchedule::Free::operator()(nexus_cron* schedule) const { nexus_cron_free(schedule); }

std::expected<std::shared_ptr<const CronSchedule>, std::string> CronSchedule::parse(
    std::string_view expression) {
  std::string message;
  nexus_cron* schedule = nexus_cron_parse(expression.data(), expression.size(), &message, keep_message);
  if (schedule == nullptr) return std::unexpected(std::move(message));
  return std::shared_ptr<const CronSchedule>(new CronSchedule(schedule));
}

std::optional<std::int64_t> CronSchedule::next_after(std::int64_t unix_ms) const {
  std::int64_t next = 0;
  return nexus_cron_next(schedule_.get(), unix_ms, &next) ? std::optional(next) : std::nullopt;
}

}  // namespace nexus::panels
