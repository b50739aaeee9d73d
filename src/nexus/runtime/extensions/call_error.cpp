#include "nexus/runtime/extensions/call_error.h"

#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {

Settlement settlement_of(const CallError& error) {
  Settlement settlement = error_settlement(error.name, error.message);
  if (!error.code.empty()) {
    settlement.json.pop_back();
    settlement.json += ",\"code\":" + json_string(error.code) + '}';
  }
  return settlement;
}

}  // namespace nexus::extensions
