// The panels of one loop by id.
//
// Thread safety: none; one registry belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/version_condition.h"
#include "nexus/runtime/panels/panel.h"

namespace nexus::panels {

// What put() has done.
struct Put {
  enum class How : bool { kReplaced, kCreated };
  std::shared_ptr<Panel> panel;
  How how;
};

// Behind this there may be memory alone, or a store that outlives the process. Each change is made whole or not at all,
// and its condition is checked in the same step.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual std::shared_ptr<Panel> find(std::string_view id) const = 0;  // null: no such panel
  // An id is made when the definition has none. kPanelExists, kOverloaded when there is no memory for it.
  virtual Result<std::shared_ptr<Panel>> create(Definition definition) = 0;
  // Creates the panel, or replaces all but its state. kPreconditionFailed, kOverloaded. REQUIRES: the definition has an id.
  virtual Result<Put> put(Definition definition, const VersionCondition& condition) = 0;
  // Executions that hold the panel go on with one that is removed. kPanelNotFound, kPreconditionFailed.
  virtual Result<void> remove(std::string_view id, const VersionCondition& condition) = 0;
  // The first `most` panels whose ids come after `after`, by id in the order of bytes. Empty: from the first.
  virtual std::vector<std::shared_ptr<Panel>> page(std::string_view after, std::size_t most) const = 0;
  virtual std::size_t size() const = 0;
};

class MemoryRegistry final : public Registry {
 public:
  // Whether a panel of this id may be made here; of an id that is given, it is the caller who knows.
  using MayHave = std::function<bool(std::string_view id)>;

  MemoryRegistry(const Clock& clock, budget::Ledger& ledger, std::uint32_t max_waiting_per_panel,
                 MayHave may_have = nullptr)
      : clock_(clock),
        ledger_(ledger),
        max_waiting_per_panel_(max_waiting_per_panel),
        may_have_(std::move(may_have)) {}

  std::shared_ptr<Panel> find(std::string_view id) const override;
  Result<std::shared_ptr<Panel>> create(Definition definition) override;
  Result<Put> put(Definition definition, const VersionCondition& condition) override;
  Result<void> remove(std::string_view id, const VersionCondition& condition) override;
  std::vector<std::shared_ptr<Panel>> page(std::string_view after, std::size_t most) const override;
  std::size_t size() const override { return panels_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  std::string new_id() const;
  Result<std::shared_ptr<Panel>> add(Definition definition);

  const Clock& clock_;
  budget::Ledger& ledger_;
  std::uint32_t max_waiting_per_panel_;
  MayHave may_have_;
  std::unordered_map<std::string, std::shared_ptr<Panel>, Hash, std::equal_to<>> panels_;
  std::set<std::string_view> ids_;  // the keys of panels_
  // Above those of all panels that have been removed: a version never comes back with another content.
  std::uint64_t first_version_ = 1;
};

// Whether `condition` holds for `panel`, which may be null; kPreconditionFailed says what its version is.
Result<void> check(const VersionCondition& condition, const Panel* panel, std::string_view id);

}  // namespace nexus::panels
