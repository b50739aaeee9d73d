// The parts of this folder's public classes. Private to engine/.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/engine/fiber_stacks.h"
#include "nexus/sandbox/engine/handles.h"
#include "nexus/sandbox/engine/ticker.h"
#include "nexus/sandbox/memory/arena.h"
#include "nexus/sandbox/memory/write_faults.h"

namespace nexus::engine {

// Destroyed in reverse order: the ticker stops first, the address space is released last.
struct Engine::Parts {
  budget::Ledger& ledger;
  memory::Tracking tracking;
  std::function<bool()> ends_slice{};
  std::unique_ptr<memory::Arena> arena{};
  std::unique_ptr<FiberStacks> stacks{};
  EngineHandle engine{};
  std::unique_ptr<memory::WriteFaults> faults{};
  std::unique_ptr<Ticker> ticker{};

  // In a simulation, where a slice may end.
  void offer_end_of_slice() const;
};

// Returns and clears the error of the latest memory that was refused on this thread.
std::optional<Error> take_refusal();

struct Program::Parts {
  Engine& engine;
  std::vector<std::string_view> exports;
  ModuleHandle module{};
  LinkerHandle linker{};
};

}  // namespace nexus::engine
