#include "nexus/runtime/extensions/fault.h"

#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {

Settlement settlement_of(const Fault& fault) {
  Settlement settlement = error_settlement(fault.name, fault.message);
  if (!fault.code.empty()) {
    settlement.json.pop_back();
    settlement.json += ",\"code\":" + json_string(fault.code) + '}';
  }
  return settlement;
}

}  // namespace nexus::extensions
