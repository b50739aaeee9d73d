#include "nexus/runtime/extensions/extension.h"

#include <fmt/format.h>

#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {

Settlement error_settlement(std::string_view name, std::string_view message) {
  return {Settlement::Kind::kError, fmt::format(R"({{"name":{},"message":{}}})", sandbox::json_string(name),
                                                sandbox::json_string(message))};
}

}  // namespace nexus::extensions
