#include "nexus/foundation/config/loaded.h"

namespace nexus::config {

const Origin& Loaded::origin_of(std::string_view name) const {
  static const Origin kDefaultOrigin;
  const auto found = origins.find(name);
  return found == origins.end() ? kDefaultOrigin : found->second;
}

}  // namespace nexus::config
