// Tables of hostile handlers. Each runs three times: as it is, with its failure caught in JavaScript, and with a ledger
// that grants no more memory. After each run a normal handler must work.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nexus/foundation/base/units.h"
#include "support/sandbox.h"

namespace nexus::testing {

// How JavaScript sees the failure, which decides what a run with a catch clause can show.
enum class Catch : std::uint8_t {
  kCatchable,  // a try/catch around the source catches it, and the handler succeeds
  kNot,        // execution never returns to the catch clause
};

// The limit that a handler reaches when the ledger rejects growth early.
enum class Growth : std::uint8_t {
  kSmallSteps,  // the server's
  kLargeSteps,  // either: one step may exceed the handler's own limit
};

// Whether the exception always reaches the handler. Without memory, the interpreter drops reactions of promises that it
// cannot queue: code that awaits them never continues, and a handler that makes promises for ever ends in TIMEOUT.
enum class Delivery : std::uint8_t { kSure, kMayBeLost };

struct HostileCase {
  std::string_view name;
  std::string_view source;  // the body of a handler
  ErrorCode code = ErrorCode::kMemoryLimit;
  std::uint64_t memory_limit_bytes = 4_MiB;
  Catch is_caught = Catch::kCatchable;
  Growth growth = Growth::kLargeSteps;
  std::uint64_t timeout_ms = 5000;
  Delivery delivery = Delivery::kSure;
};

// The source with its failure caught. It returns "went on".
std::string with_catch(std::string_view source);

// Runs all cases in one sandbox; at the end the process must have its earlier size.
void run_hostile(std::span<const HostileCase> cases);
// Runs the cases that end in MEMORY_LIMIT, while the ledger rejects growth at 25, 50 and 75 % of the limit.
void run_with_refused_growth(std::span<const HostileCase> cases);

// Expects MEMORY_LIMIT with the details of the contract: numbers and a text.
void expect_memory_limit(const Outcome& outcome, std::uint64_t limit_bytes);
// Expects a normal handler to work, in the sandbox's instance or, if that was retired, in a new one.
void expect_normal(Sandbox& sandbox);

std::uint64_t resident_bytes();

}  // namespace nexus::testing
