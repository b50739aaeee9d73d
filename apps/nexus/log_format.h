// The formats of log lines: JSON and text.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace nexus::app {

// {"time","level","message", fields: panel, tool, execution, request, trace, ...}: one object per line of at most 4
// KiB; the message of a longer one is cut. Bytes that are no UTF-8 become U+FFFD.
std::unique_ptr<spdlog::formatter> json_log_format();

// 2026-01-31T09:30:00.000Z warn panel=p tool=t message
std::unique_ptr<spdlog::formatter> text_log_format(bool has_colours);

}  // namespace nexus::app
