// What a process that ended without removing its record most likely died of, for the log and for `nexus top`.
#pragma once

#include <string>
#include <vector>

#include "nexus/foundation/diagnostics/crash_record.h"

namespace nexus::diagnostics {

enum class Cause : std::uint8_t {
  kUnknown,          // there is no record
  kContainerMemory,  // the container was full, or nearly: the kernel, seen as OOMKilled
  kMachineMemory,    // the machine was
  kOther,            // there was memory: a crash, or SIGKILL for another reason
};
Cause cause_of(const UncleanExit& exit);

// Lines without line ends: what happened, where the memory was, who had the most, what to change. Names are a tenant's choice;
// what is not printable in them becomes '?'.
std::vector<std::string> explain(const UncleanExit& exit);

}  // namespace nexus::diagnostics
