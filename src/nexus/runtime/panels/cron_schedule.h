// When a cron expression is due.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct nexus_cron;

namespace nexus::panels {

// Five fields, or six with seconds before them: "*/5 * * * *", "0 0 9 * * MON-FRI", "@daily". In UTC, or in the zone of a
// prefix: "CRON_TZ=Europe/Berlin 0 9 * * *". A time that a change of clocks leaves out or repeats is due once, as cron(8) has
// it (the crate croner, docs/dependencies.md).
//
// Immutable, so any thread may ask.
class CronSchedule {
 public:
  // The error says what is wrong with it, or that it will never be due.
  static std::expected<std::shared_ptr<const CronSchedule>, std::string> parse(std::string_view expression);

  // The first time that is later. None: there is no more.
  std::optional<std::int64_t> next_after(std::int64_t unix_ms) const;

 private:
  struct Free {
    void operator()(nexus_cron* schedule) const;
  };
  explicit CronSchedule(nexus_cron* schedule) : schedule_(schedule) {}

  std::unique_ptr<nexus_cron, Free> schedule_;
};

}  // namespace nexus::panels
