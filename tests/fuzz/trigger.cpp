// A tool's trigger within a panel's definition, as a client sends it.
#include "fuzz.h"
#include "nexus/runtime/panels/definition.h"

void fuzz(std::string_view input) {
  const std::string text =
      R"({"kind":"k","tools":[{"name":"t","handler":"1","trigger":)" + std::string(input) + "}]}";
  const auto definition = nexus::panels::parse_definition(text, nexus::panels::Ceiling{});
  if (!definition) return nexus::fuzzing::require(!definition.error().errors.empty());
  nexus::fuzzing::require(!definition->tools.empty());
  for (const nexus::panels::Tool& tool : definition->tools) {  // more than one: the input closes the first
    if (const auto* cron = std::get_if<nexus::panels::CronTrigger>(&tool.trigger)) {
      constexpr std::int64_t kNow = 1'800'000'000'000;
      const auto next = cron->schedule->next_after(kNow);
      nexus::fuzzing::require(!next || *next > kNow);
    }
    if (const auto* interval = std::get_if<nexus::panels::IntervalTrigger>(&tool.trigger))
      nexus::fuzzing::require(interval->ms > 0);
  }
}
