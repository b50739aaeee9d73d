// Explains why a process most likely ended without removing its crash record, for the log and for `nexus top`.
#pragma once

#include <string>
#include <vector>

#include "nexus/foundation/diagnostics/crash_record.h"

namespace nexus::diagnostics {

enum class Cause : std::uint8_t {
  kUnknown,          // there is no record
  kContainerMemory,  // the container was full or nearly full: killed by the kernel (OOMKilled)
  kMachineMemory,    // the machine was full or nearly full
  kOther,            // memory was free: a crash, or SIGKILL for another reason
};
Cause cause_of(const UncleanExit& exit);

// Lines without line ends: the event, the memory figures, the largest handlers, the setting to change. Tenants choose
// the names, so unprintable characters in them become '?'.
std::vector<std::string> explain(const UncleanExit& exit);

}  // namespace nexus::diagnostics
