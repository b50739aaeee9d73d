#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace nexus::app {
namespace {

constexpr char kTakeScreen[] = "\x1b[?1049h\x1b[?25l";  // the alternate screen, without a cursor
constexpr char kGiveBack[] = "\x1b[?25h\x1b[?1049l";

void write(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

bool wants_colours(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return isatty(descriptor) == 1 && (refused == nullptr || *refused == '\0');
}

bool Terminal::is_there() { return isatty(STDOUT_FILENO) == 1; }

Terminal::Terminal() { write(kTakeScreen); }
Terminal::~Terminal() { write(kGiveBack); }

void Terminal::show(std::span<const std::string> lines) {
  winsize size{};
  ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
  const std::size_t rows = size.ws_row == 0 ? 24 : size.ws_row, columns = size.ws_col == 0 ? 80 : size.ws_col;
  // Draws over the last frame, because clearing the screen first would flicker.
  std::string frame = "\x1b[H";
  for (std::size_t row = 0; row < std::min(rows, lines.size()); ++row)
    frame += fmt::format("{}{}\x1b[K", row == 0 ? "" : "\r\n", lines[row].substr(0, columns));
  write(frame + "\x1b[J");
}

}  // namespace nexus::app
