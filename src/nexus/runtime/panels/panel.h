// A named unit of state plus tools.
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
  // `held`: what its state is charged to. REQUIRES: the definition has an id.
  Panel(Definition definition, std::uint64_t version, std::uint32_t max_waiting, std::int64_t now_ms,
        budget::Grant held);

  const std::string& id() const { return id_; }
  // The one in force; its initial state has been taken out. It may be replaced at any time: who goes on with it after
  // a wait keeps a pointer of their own.
  const std::shared_ptr<const Definition>& definition() const { return definition_; }

  const State& state() const { return state_; }
  // One more with each commit that changes the state, and with each replacement.
  std::uint64_t version() const { return version_; }
  std::int64_t created_ms() const { return created_ms_; }
  // Creation, replacement, or the end of the last execution.
  std::int64_t last_activity_ms() const { return last_activity_ms_; }

  TurnQueue& turns() { return turns_; }
  std::size_t waiting() const { return turns_.waiting(); }  // for a turn

  // Clients that watch the panel.
  std::size_t clients() const { return clients_; }
  void client_joined() { ++clients_; }
  void client_left() { --clients_; }

  // Applies what an execution left, in one step, for which all memory is there: what may fail is reserve(), before it. Takes
  // the values over. REQUIRES: the caller has the turn.
  State::Reservation reserve(const Journal& journal) { return state_.reserve(journal.mutations); }
  void commit(Journal& journal, State::Reservation reservation, std::int64_t now_ms) noexcept;

  // Puts another definition into force. The state stays; executions that hold the old one end on it.
  void replace(Definition definition, std::int64_t now_ms);

  // After this nobody gets a turn, and who has it should stop: its changes go nowhere.
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
