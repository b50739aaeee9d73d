#include "nexus/runtime/extensions/sleepers.h"

namespace nexus::extensions {

std::vector<Sleepers::Sleeper> Sleepers::take_due(std::uint64_t now_us, std::size_t most) {
  std::vector<Sleeper> due;
  auto end = all_.begin();
  for (; end != all_.end() && end->due_us <= now_us && due.size() < most; ++end)
    due.push_back(*end);
  all_.erase(all_.begin(), end);
  return due;
}

std::optional<std::uint64_t> Sleepers::next_due_us() const {
  if (all_.empty()) return std::nullopt;
  return all_.begin()->due_us;
}

}  // namespace nexus::extensions
