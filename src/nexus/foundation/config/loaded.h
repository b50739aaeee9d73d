// The effective settings, each with its source.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/config/given.h"
#include "nexus/foundation/config/settings.h"

namespace nexus::config {

// The content of a file, or an error that says why it cannot be read.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

struct Loaded {
  Settings settings;
  std::map<std::string_view, Origin> origins;  // by name of the row; a missing row has its default
  std::vector<std::string> warnings;

  const Origin& origin_of(std::string_view name) const {
    static const Origin kDefaultOrigin;
    const auto found = origins.find(name);
    return found == origins.end() ? kDefaultOrigin : found->second;
  }
};

}  // namespace nexus::config
