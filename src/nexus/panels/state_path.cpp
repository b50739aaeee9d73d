#include "nexus/panels/state_path.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <unordered_map>

namespace nexus::panels {
namespace {

namespace json = simdjson::ondemand;

struct Found {
  std::string path;
  std::string_view raw;
};

}  // namespace

// The values at a path within one text, which must outlive what is found.
class StatePath::Walk {
 public:
  Walk(const StatePath& path, std::optional<std::string_view> text) : path_(path) {
    if (!text) return;
    if (path.parts_.size() == 1) {  // nothing needs to be read for it
      found_.push_back({path.key(), *text});
      return;
    }
    padded_ = simdjson::padded_string(*text);
    json::document document;
    json::value value;
    if (parser_.iterate(padded_).get(document) == simdjson::SUCCESS &&
        document.get_value().get(value) == simdjson::SUCCESS) {
      into(value, 1, path.key());
    }
  }

  const std::vector<Found>& found() const { return found_; }

 private:
  void into(json::value value, std::size_t at, const std::string& where) {
    if (at == path_.parts_.size()) {
      std::string_view raw;
      if (simdjson::to_json_string(value).get(raw) == simdjson::SUCCESS)
        found_.push_back({where, raw.substr(0, raw.find_last_not_of(" \t\r\n") + 1)});
      return;
    }
    const Part& part = path_.parts_[at];
    if (part.kind == Part::Kind::kMember) {
      into_member(value, at, where);
    } else {
      into_elements(value, at, where);
    }
  }

  void into_member(json::value value, std::size_t at, const std::string& where) {
    const std::string& name = path_.parts_[at].name;
    json::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return;
    for (auto field : object) {
      std::string_view key;
      json::value inner;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
      if (key != name) continue;
      if (field.value().get(inner) == simdjson::SUCCESS)
        into(inner, at + 1, fmt::format("{}.{}", where, name));
      return;
    }
  }

  void into_elements(json::value value, std::size_t at, const std::string& where) {
    const Part& part = path_.parts_[at];
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) return;
    std::uint64_t index = 0;
    for (auto element : array) {
      json::value inner;
      if (index >= kMostElements || found_.size() >= kMostElements || element.get(inner) != simdjson::SUCCESS)
        return;
      if (part.kind == Part::Kind::kEachElement || part.index == index)
        into(inner, at + 1, fmt::format("{}[{}]", where, index));
      ++index;
    }
  }

  const StatePath& path_;
  simdjson::padded_string padded_;
  json::parser parser_;
  std::vector<Found> found_;
};

std::expected<StatePath, std::string> StatePath::parse(std::string_view text) {
  StatePath path;
  while (!text.empty() || path.parts_.empty()) {
    if (text.starts_with('[') && !path.parts_.empty()) {
      const auto end = text.find(']');
      const std::string_view inner = text.substr(1, std::min(end, text.size()) - 1);
      std::uint64_t index = 0;
      const auto read = std::from_chars(inner.data(), inner.data() + inner.size(), index);
      const bool is_number = read.ec == std::errc() && read.ptr == inner.data() + inner.size();
      if (end == std::string_view::npos || (inner != "*" && !is_number))
        return std::unexpected("between [ and ] there must be * or the number of an element");
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

std::vector<PathChange> StatePath::changes(const std::optional<std::string_view>& before,
                                           const std::optional<std::string_view>& after,
                                           std::size_t most) const {
  std::vector<PathChange> changes;
  if (before == after) return changes;
  const Walk old(*this, before), now(*this, after);
  std::unordered_map<std::string_view, std::string_view> left;
  for (const Found& one : old.found())
    left.emplace(one.path, one.raw);
  for (const Found& one : now.found()) {
    const auto was = left.find(one.path);
    const bool is_same = was != left.end() && was->second == one.raw;
    if (was != left.end()) left.erase(was);
    if (!is_same && changes.size() < most) changes.push_back({one.path, std::string(one.raw)});
  }
  for (const Found& one : old.found()) {
    if (changes.size() < most && left.contains(one.path)) changes.push_back({one.path, std::nullopt});
  }
  return changes;
}

}  // namespace nexus::panels
