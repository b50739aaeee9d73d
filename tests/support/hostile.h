// Handlers that mean harm, as tables. Each is run three times: as it is, with its failure caught by JavaScript, and with
// a server that has no more memory to give; after each run a normal handler must work.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nexus/foundation/base/units.h"
#include "support/sandbox.h"

namespace nexus::testing {

// What a failure looks like to JavaScript, and so what a second run of the same source can show.
enum class Catch : std::uint8_t {
  kCatchable,  // try { } catch { } around it goes on and succeeds
  kNot,        // it never returns to the catch clause
};

// Which limit a handler that runs out of memory meets when the server refuses growth early.
enum class Growth : std::uint8_t {
  kSmallSteps,  // the server's
  kLargeSteps,  // either: one step may be past the handler's own limit
};

// Whether the interpreter may lose the exception: it drops the reactions of a promise that it has no memory to queue.
// What was waiting for them waits on, and a handler that never stops making promises ends in TIMEOUT.
enum class Delivery : std::uint8_t { kSure, kMayBeLost };

struct HostileCase {
  std::string_view name;
  std::string_view source;  // a body
  ErrorCode code = ErrorCode::kMemoryLimit;
  std::uint64_t memory_limit_bytes = 4_MiB;
  Catch is_caught = Catch::kCatchable;
  Growth growth = Growth::kLargeSteps;
  std::uint64_t timeout_ms = 5000;
  Delivery delivery = Delivery::kSure;
};

// What a source looks like with its failure caught. It returns "went on".
std::string with_catch(std::string_view source);

// Runs all cases in one sandbox; at the end the process must be as large as it was.
void run_hostile(std::span<const HostileCase> cases);
// Those that end in MEMORY_LIMIT, with growth refused by the ledger at 25, 50 and 75 % of their limit.
void run_with_refused_growth(std::span<const HostileCase> cases);

// MEMORY_LIMIT as the contract has it: numbers, and a text.
void expect_memory_limit(const Outcome& outcome, std::uint64_t limit_bytes);
// A normal handler in the sandbox's instance, or in a new one if the last was retired.
void expect_normal(Sandbox& sandbox);

std::uint64_t resident_bytes();

}  // namespace nexus::testing
