#include "nexus/runtime/panels/state_path.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "nexus/foundation/json/json_reading.h"

namespace nexus::panels {
namespace json = simdjson::ondemand;

// Finds the values at a path within one text, in order of their places. The text must outlive the result.
class StatePath::Walk {
 public:
  struct Found {
    Place place;
    std::string_view raw;
  };

  Walk(const StatePath& path, std::optional<std::string_view> text) : path_(path) {
    if (!text) return;
    if (path.parts_.size() == 1) {  // the path is just the key
      found_.push_back({place_, *text});
      return;
    }
    padded_ = padded_copy(*text);
    OndemandDocument document;
    json::value value;
    if (document.parse(parser_, padded_) && document.get_value().get(value) == simdjson::SUCCESS) {
      into(value, 1, 0);
    }
  }

  const std::vector<Found>& found() const { return found_; }

 private:
  // `stars`: the number of [*] parts before index `at`.
  void into(json::value value, std::size_t at, std::size_t stars) {
    if (at == path_.parts_.size()) {
      std::string_view raw;
      if (simdjson::to_json_string(value).get(raw) == simdjson::SUCCESS)
        found_.push_back({place_, raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1)});
      return;
    }
    const Part& part = path_.parts_[at];
    if (part.kind == Part::Kind::kMember) {
      into_member(value, at, stars);
    } else {
      into_elements(value, at, stars);
    }
  }

  void into_member(json::value value, std::size_t at, std::size_t stars) {
    const std::string& name = path_.parts_[at].name;
    json::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return;
    for (auto field : object) {
      std::string_view key;
      json::value inner;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
      if (key != name) continue;
      if (field.value().get(inner) == simdjson::SUCCESS) into(inner, at + 1, stars);
      return;
    }
  }

  void into_elements(json::value value, std::size_t at, std::size_t stars) {
    const Part& part = path_.parts_[at];
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    const bool is_each = part.kind == Part::Kind::kEachElement;
    std::uint32_t index = 0;
    for (auto element : array) {
      json::value inner;
      if (index >= kMostElements || found_.size() >= kMostElements || element.get(inner) != simdjson::SUCCESS)
        return;
      if (is_each) place_.at(stars) = index;
      if (is_each || part.index == index) into(inner, at + 1, stars + (is_each ? 1 : 0));
      ++index;
    }
  }

  const StatePath& path_;
  simdjson::padded_string padded_;
  json::parser parser_;
  Place place_{};
  std::vector<Found> found_;
};

std::expected<StatePath, std::string> StatePath::parse(std::string_view text) {
  StatePath path;
  std::size_t stars = 0;
  while (!text.empty() || path.parts_.empty()) {
    if (text.starts_with('[') && !path.parts_.empty()) {
      const auto end = text.find(']');
      const std::string_view inner = text.substr(1, std::min(end, text.size()) - 1);
      std::uint64_t index = 0;
      const auto read = std::from_chars(inner.data(), inner.data() + inner.size(), index);
      const bool is_number = read.ec == std::errc() && read.ptr == inner.data() + inner.size();
      if (end == std::string_view::npos || (inner != "*" && !is_number))
        return std::unexpected("between [ and ] there must be * or the number of an element");
      if (!is_number && ++stars > kMostStars)
        return std::unexpected(fmt::format("has more than {} [*]", kMostStars));
      path.parts_.push_back({is_number ? Part::Kind::kElement : Part::Kind::kEachElement, {}, index});
      text.remove_prefix(end + 1);
      if (!text.empty() && text.front() != '.' && text.front() != '[')
        return std::unexpected("behind ] there must be . or [");
      continue;
    }
    if (text.starts_with('.') && !path.parts_.empty()) text.remove_prefix(1);
    const std::string_view name = text.substr(0, text.find_first_of(".[]"));
    if (name.empty()) return std::unexpected("must begin with a key and have a name behind each dot");
    if (name.size() < text.size() && text[name.size()] == ']')
      return std::unexpected("has a ] without its [");
    path.parts_.push_back({Part::Kind::kMember, std::string(name)});
    text.remove_prefix(name.size());
  }
  return path;
}

std::string StatePath::text_of(const Place& place) const {
  std::string text = key();
  std::size_t stars = 0;
  for (std::size_t at = 1; at < parts_.size(); ++at) {
    const Part& part = parts_[at];
    if (part.kind == Part::Kind::kMember) {
      text.append(".").append(part.name);
    } else {
      text += fmt::format("[{}]", part.kind == Part::Kind::kElement ? part.index : place.at(stars++));
    }
  }
  return text;
}

PathChanges StatePath::changes(const std::optional<std::string_view>& before,
                               const std::optional<std::string_view>& after, std::size_t most) const {
  PathChanges changes;
  if (before == after) return changes;
  const Walk old(*this, before), now(*this, after);
  const auto add = [&](const Place& place, const std::string_view* raw) {
    if (++changes.total > most) return;
    changes.first.push_back(
        {text_of(place), raw != nullptr ? std::optional<std::string>(*raw) : std::nullopt});
  };
  auto was = old.found().begin();
  const auto was_end = old.found().end();
  for (const Walk::Found& is : now.found()) {
    for (; was != was_end && was->place < is.place; ++was)
      add(was->place, nullptr);
    const bool is_there = was != was_end && was->place == is.place;
    if (!is_there || was->raw != is.raw) add(is.place, &is.raw);
    if (is_there) ++was;
  }
  for (; was != was_end; ++was)
    add(was->place, nullptr);
  return changes;
}

}  // namespace nexus::panels
