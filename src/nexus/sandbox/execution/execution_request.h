// The inputs of an execution.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/capabilities.h"
#include "nexus/foundation/model/limits.h"
#include "nexus/foundation/model/state.h"

namespace nexus::memory {
class Image;
}

namespace nexus::sandbox {

class ExtensionTable;

// The views and pointers must stay valid until finish().
struct ExecutionRequest {
  std::shared_ptr<const memory::Image> image;  // of the handler
  std::string_view source;                     // the handler's own text, for error locations
  std::string execution_id;
  std::string_view args_json = "{}";  // one checked JSON value
  std::string_view scope_json = "{}";
  const State* state = nullptr;
  const Capabilities* capabilities = nullptr;
  const ExtensionTable* extensions = nullptr;  // null: there are none
  Limits limits{};
  bool cache_hit = false;
  budget::Grant prepaid{};  // kInstances, for the expected growth
};

}  // namespace nexus::sandbox
