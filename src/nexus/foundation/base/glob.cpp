#include "nexus/foundation/base/glob.h"

#include <algorithm>
#include <cstring>

#include "nexus/foundation/base/text.h"

namespace nexus {
namespace {

bool is_as(char sign, char letter) { return sign == '?' || sign == letter; }

// A part of a pattern has no star.
class Part {
 public:
  Part(std::string_view text, GlobSigns signs)
      : text_(text), has_any_one_(signs == GlobSigns::kStarAndAnyOne && text.contains('?')) {}

  bool is(std::string_view text) const {
    return has_any_one_ ? std::ranges::equal(text_, text, is_as) : text_ == text;
  }

  // What is left of `text` behind the place where the part is found first. memmem, and not find(), because it is linear
  // whatever the two are.
  bool skip_in(std::string_view& text) const {
    const char* const end = text.data() + text.size();
    const char* found = nullptr;
    if (has_any_one_) {
      found = std::search(text.data(), end, text_.begin(), text_.end(),
                          [](char letter, char sign) { return is_as(sign, letter); });
      if (found == end) return false;
    } else {
      found = static_cast<const char*>(memmem(text.data(), text.size(), text_.data(), text_.size()));
      if (found == nullptr) return false;
    }
    text.remove_prefix(static_cast<std::size_t>(found - text.data()) + text_.size());
    return true;
  }

 private:
  std::string_view text_;
  bool has_any_one_;
};

}  // namespace

// Each part where it is found first: a later place could only leave less for those behind it.
bool matches_glob(std::string_view pattern, std::string_view text, GlobSigns signs) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos) return Part(pattern, signs).is(text);
  const std::string_view head = pattern.substr(0, star), tail = pattern.substr(pattern.rfind('*') + 1);
  if (text.size() < head.size() + tail.size() || !Part(head, signs).is(text.substr(0, head.size())) ||
      !Part(tail, signs).is(text.substr(text.size() - tail.size()))) {
    return false;
  }
  text = text.substr(head.size(), text.size() - head.size() - tail.size());
  pattern = pattern.substr(star, pattern.size() - star - tail.size());
  while (!pattern.empty()) {
    const std::string_view part = take_until(pattern, '*');
    if (!part.empty() && !Part(part, signs).skip_in(text)) return false;
  }
  return true;
}

}  // namespace nexus
