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

// The outcome of Registry::put().
struct Put {
  enum class How : bool { kReplaced, kCreated };
  std::shared_ptr<Panel> panel;
  How how;
};

// Each change happens completely or not at all, and its condition is checked in the same step. The interface allows for
// a store that outlives the process.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual std::shared_ptr<Panel> find(std::string_view id) const = 0;  // null: no such panel
  // Makes an id when the definition has none. kPanelExists; kOverloaded when there is no memory for the panel.
  virtual Result<std::shared_ptr<Panel>> create(Definition definition) = 0;
  // Creates the panel, or replaces all of it but its state. kPreconditionFailed, kOverloaded. REQUIRES: the definition
  // has an id.
  virtual Result<Put> put(Definition definition, const VersionCondition& condition) = 0;
  // Executions that hold the panel continue on the removed one. kPanelNotFound, kPreconditionFailed.
  virtual Result<void> remove(std::string_view id, const VersionCondition& condition) = 0;
  // The first `most` panels with ids greater than `after`, sorted by id (bytewise). `after` empty: from the first.
  virtual std::vector<std::shared_ptr<Panel>> page(std::string_view after, std::size_t most) const = 0;
  virtual std::size_t size() const = 0;
};

class MemoryRegistry final : public Registry {
 public:
  // Says for a generated id whether this loop owns it. An id in a definition is the caller's responsibility.
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
  std::set<std::string_view> ids_;  // views of the keys of panels_
  // Above the versions of all removed panels, so that a version never denotes two different contents.
  std::uint64_t first_version_ = 1;
};

// Checks `condition` against `panel`, which may be null. kPreconditionFailed names the panel's version.
Result<void> check(const VersionCondition& condition, const Panel* panel, std::string_view id);

}  // namespace nexus::panels
