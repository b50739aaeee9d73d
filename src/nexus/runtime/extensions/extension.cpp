#include "nexus/runtime/extensions/extension.h"

#include <fmt/format.h>

#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {

Settlement error_settlement(std::string_view name, std::string_view message) {
  return {Settlement::Kind::kError,
          fmt::format(R"({{"name":{},"message":{}}})", json_string(name), json_string(message))};
}

}  // namespace nexus::extensions
