#include "nexus/panels/footprint.h"

namespace nexus::panels {
namespace {

// Objects, control blocks, map nodes and what the allocator rounds up to.
constexpr std::uint64_t kPanelBytes = 1024;
constexpr std::uint64_t kKeyBytes = 128;

}  // namespace

std::uint64_t footprint(const Definition& definition) {
  std::uint64_t bytes = kPanelBytes + definition.scope_json.capacity() + definition.metadata_json.capacity();
  for (const Tool& tool : definition.tools) {
    bytes += sizeof tool + tool.handler.capacity() + tool.description.capacity() +
             tool.args_schema_json.capacity();
  }
  return bytes;
}

std::uint64_t footprint(const sandbox::State& state) { return state.bytes() + state.size() * kKeyBytes; }

}  // namespace nexus::panels
