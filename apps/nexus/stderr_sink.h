// Log lines on stderr, which never wait for whoever reads them: a pipe that nobody empties costs lines, not the server.
#pragma once

#include <spdlog/common.h>

namespace nexus::app {

// Lines longer than 4 KiB are cut. What could not be written is counted, and said once there is room again. Thread-safe.
spdlog::sink_ptr make_stderr_sink();

}  // namespace nexus::app
