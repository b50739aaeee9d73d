// Shows full-screen text on a terminal.
#pragma once

#include <span>
#include <string>

namespace nexus::app {

// True when `descriptor` is a terminal and NO_COLOR (no-color.org) is not set.
bool wants_colours(int descriptor);

class Terminal {
 public:
  static bool is_there();  // stdout is a terminal

  // Switches to the alternate screen; the destructor switches back.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Shows as many of the lines as fit.
  void show(std::span<const std::string> lines);
};

}  // namespace nexus::app
