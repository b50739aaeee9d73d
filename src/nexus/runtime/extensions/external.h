// $ext.external.wait(data, {ttlMs}): suspends until a client resumes the suspension by its id. It keeps no state of its
// own; the table of suspensions has everything.
#pragma once

#include "nexus/foundation/base/units.h"
#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

class External final : public Extension {
 public:
  static constexpr std::size_t kMostDataBytes = 64_KiB;  // of `data` as JSON
  static constexpr std::uint64_t kLeastTtlMs = 100;

  std::string_view name() const override { return "external"; }
  std::vector<std::string_view> methods() const override { return {"wait"}; }
  Started start(const Call& call, Settlements& settlements) override;
  void cancel(CallId) override {}
};

}  // namespace nexus::extensions
