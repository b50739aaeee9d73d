// How lines of the log look: JSON for programs, text for people.
#pragma once

#include <spdlog/formatter.h>

#include <memory>

namespace nexus::app {

// {"time","level","message", fields: panel, tool, execution, request, trace, ...}, one object a line of 4 KiB at most: of a
// longer one the message is cut. What is no UTF-8 in it is shown as U+FFFD.
std::unique_ptr<spdlog::formatter> json_log_format();

// 2026-01-31T09:30:00.000Z warn panel=p tool=t words
std::unique_ptr<spdlog::formatter> text_log_format(bool has_colours);

}  // namespace nexus::app
