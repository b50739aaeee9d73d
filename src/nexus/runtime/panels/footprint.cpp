#include "nexus/runtime/panels/footprint.h"

namespace nexus::panels {
namespace {

// Objects, control blocks, map nodes, and the rounding of the allocator.
constexpr std::uint64_t kPanelBytes = 1024;
constexpr std::uint64_t kKeyBytes = 128;
// An active trigger: its queue with the places for jobs, and the name of the panel that it follows. A schedule takes a
// byte for each year until 5000.
constexpr std::uint64_t kTriggerBytes = 3072, kScheduleBytes = 8192;

std::uint64_t footprint(const Trigger& trigger) {
  switch (type_of(trigger)) {
    case TriggerType::kManual:
      return 0;
    case TriggerType::kCron:
      return kTriggerBytes + kScheduleBytes;
    case TriggerType::kInterval:
    case TriggerType::kEvent:
    case TriggerType::kStateChange:
      break;
  }
  return kTriggerBytes;
}

}  // namespace

std::uint64_t footprint(const Definition& definition) {
  std::uint64_t bytes = kPanelBytes + definition.scope_json.capacity() + definition.metadata_json.capacity();
  for (const Tool& tool : definition.tools) {
    bytes += sizeof tool + tool.handler.capacity() + tool.description.capacity() +
             tool.args_schema_json.capacity() + footprint(tool.trigger);
  }
  return bytes;
}

std::uint64_t footprint(const State& state) { return state.bytes() + state.size() * kKeyBytes; }

}  // namespace nexus::panels
