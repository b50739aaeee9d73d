#include "nexus/runtime/extensions/extension.h"

#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {

Settlement error_settlement(std::string_view name, std::string_view message) {
  return {Settlement::Kind::kError, JsonObject().add("name", name).add("message", message).text()};
}

}  // namespace nexus::extensions
