// A named piece of state and its tools.
//
// Thread safety: none; a panel belongs to one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/model/result.h"
#include "nexus/foundation/model/state.h"
#include "nexus/runtime/panels/definition.h"
#include "nexus/runtime/panels/turns.h"

namespace nexus::panels {

class Panel {
 public:
  // `held`: the grant for the state. REQUIRES: the definition has an id.
  Panel(Definition definition, std::uint64_t version, std::uint32_t max_waiting, std::int64_t now_ms,
        budget::Grant held);

  const std::string& id() const { return id_; }
  // The current definition, without its initial state, which was moved out. It may be replaced at any time: code that
  // needs it after a wait keeps its own pointer.
  const std::shared_ptr<const Definition>& definition() const { return definition_; }

  const State& state() const { return state_; }
  // Grows by one with each commit that changes the state, and with each replacement.
  std::uint64_t version() const { return version_; }
  std::int64_t created_ms() const { return created_ms_; }
  // Time of the creation, the last replacement, or the end of the last execution.
  std::int64_t last_activity_ms() const { return last_activity_ms_; }

  TurnQueue& turns() { return turns_; }
  std::size_t waiting() const { return turns_.waiting(); }  // for a turn

  // WebSocket clients of the panel.
  std::size_t clients() const { return clients_; }
  void client_joined() { ++clients_; }
  void client_left() { --clients_; }

  // Moves the values out of the journal. REQUIRES: the caller has the turn.
  void commit(Journal& journal, std::int64_t now_ms) noexcept;

  // Replaces the definition and keeps the state. Executions that hold the earlier definition end with it.
  void replace(Definition definition, std::int64_t now_ms);

  // From now on no execution gets a turn, and state and definition are gone, whoever still holds the panel. An execution that
  // has the turn must not run on: its changes are discarded.
  void remove();
  bool is_removed() const { return is_removed_; }

 private:
  void charge();

  budget::Grant held_;
  std::string id_;
  State state_;
  std::shared_ptr<const Definition> definition_;
  TurnQueue turns_;
  std::uint64_t version_;
  std::int64_t created_ms_;
  std::int64_t last_activity_ms_;
  std::size_t clients_ = 0;
  bool is_removed_ = false;
};

}  // namespace nexus::panels
