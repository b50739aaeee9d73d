// Writes log lines to stderr without ever blocking: a pipe that is not read costs log lines, but does not stop the
// server.
#pragma once

#include <spdlog/common.h>

namespace nexus::app {

// Cuts lines at 4 KiB. Lines that could not be written are counted, and reported once stderr is writable again.
// Thread-safe.
spdlog::sink_ptr make_stderr_sink();

}  // namespace nexus::app
