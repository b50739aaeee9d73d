#include "nexus/foundation/config/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "nexus/foundation/base/text.h"

namespace nexus::config {
namespace {

// Nobody mistypes a longer name, and the comparison takes time proportional to the product of both lengths.
constexpr std::size_t kMostLetters = 256;
constexpr std::size_t kAlwaysNear = 2;

// The Levenshtein distance, one row of the matrix at a time.
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
  written = written.substr(0, kMostLetters);
  // A larger distance means a different word.
  std::size_t least = std::max(kAlwaysNear, written.size() / 3) + 1;
  const Spelling* best = nullptr;
  for (const Spelling& spelling : known) {
    const std::size_t away = distance(written, spelling.text) + spelling.handicap;
    if (away >= least) continue;
    least = away;
    best = &spelling;
  }
  return best == nullptr ? std::string() : best->name;
}

std::string did_you_mean(std::string_view written, const std::vector<Spelling>& known) {
  const std::string name = nearest(written, known);
  return name.empty() ? name : fmt::format(": did you mean {}?", name);
}

}  // namespace nexus::config
