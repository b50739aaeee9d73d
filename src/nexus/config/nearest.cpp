#include "nexus/config/nearest.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "nexus/config/letters.h"

namespace nexus::config {
namespace {

// Nobody mistypes a name this long, and the comparison takes the product of both lengths.
constexpr std::size_t kMostLetters = 256;

// Levenshtein's distance, one row of its matrix at a time.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char letter : from) {
    std::size_t diagonal = row[0]++;
    for (std::size_t i = 1; i < row.size(); ++i) {
      const std::size_t changed = diagonal + (lower(letter) == lower(to[i - 1]) ? 0 : 1);
      diagonal = row[i];
      row[i] = std::min({row[i] + 1, row[i - 1] + 1, changed});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view written, const std::vector<Spelling>& known) {
  assert(!known.empty());
  written = written.substr(0, kMostLetters);
  const auto best = std::ranges::min_element(known, {}, [&](const Spelling& spelling) {
    return distance(written, spelling.text) + spelling.handicap;
  });
  return best->name;
}

}  // namespace nexus::config
