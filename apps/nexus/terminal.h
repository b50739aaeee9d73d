// A terminal whose whole screen is ours for a while.
#pragma once

#include <span>
#include <string>

namespace nexus::app {

// Whether `descriptor` is a terminal and nobody has said NO_COLOR (no-color.org).
bool wants_colours(int descriptor);

class Terminal {
 public:
  static bool is_there();  // stdout is one

  // Takes the screen, and gives it back as it was.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // As much of the lines as there is room for.
  void show(std::span<const std::string> lines);
};

}  // namespace nexus::app
