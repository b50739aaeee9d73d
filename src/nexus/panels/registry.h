// The panels of this process by id.
//
// Thread safety: none; one registry belongs to one loop.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/base/clock.h"
#include "nexus/base/error.h"
#include "nexus/panels/panel.h"

namespace nexus::panels {

// Behind this there may be memory alone, or a store that outlives the process.
class Registry {
 public:
  virtual ~Registry() = default;
  virtual std::shared_ptr<Panel> find(std::string_view id) const = 0;  // null: no such panel
  // An id is made when the definition has none. kPanelExists.
  virtual Result<std::shared_ptr<Panel>> create(Definition definition) = 0;
  // Whether there was one. Executions that hold it go on with a panel that is removed.
  virtual bool remove(std::string_view id) = 0;
  virtual std::size_t size() const = 0;
};

class MemoryRegistry final : public Registry {
 public:
  MemoryRegistry(const Clock& clock, std::uint32_t max_waiting_per_panel)
      : clock_(clock), max_waiting_per_panel_(max_waiting_per_panel) {}

  std::shared_ptr<Panel> find(std::string_view id) const override;
  Result<std::shared_ptr<Panel>> create(Definition definition) override;
  bool remove(std::string_view id) override;
  std::size_t size() const override { return panels_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view id) const { return std::hash<std::string_view>{}(id); }
  };
  const Clock& clock_;
  std::uint32_t max_waiting_per_panel_;
  std::unordered_map<std::string, std::shared_ptr<Panel>, Hash, std::equal_to<>> panels_;
};

}  // namespace nexus::panels
