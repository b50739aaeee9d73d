// The due times of a cron expression.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct nexus_cron;

namespace nexus::panels {

// An expression has five fields, or six with seconds in front: "*/5 * * * *", "0 0 9 * * MON-FRI", "@daily". Times are
// UTC, or in the zone of a prefix: "CRON_TZ=Europe/Berlin 0 9 * * *". A time that a clock change skips or repeats is
// due once, as in cron(8) (the crate croner, docs/dependencies.md).
//
// Thread safety: immutable.
class CronSchedule {
 public:
  // The error says why the expression is invalid, or that it never comes due.
  static std::expected<std::shared_ptr<const CronSchedule>, std::string> parse(std::string_view expression);

  // The first due time after `unix_ms`. None: there is none.
  std::optional<std::int64_t> next_after(std::int64_t unix_ms) const;

 private:
  struct Free {
    void operator()(nexus_cron* schedule) const;
  };
  explicit CronSchedule(nexus_cron* schedule) : schedule_(schedule) {}

  std::unique_ptr<nexus_cron, Free> schedule_;
};

}  // namespace nexus::panels
