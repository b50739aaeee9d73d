#include "nexus/foundation/config/toml_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <utility>

#include "nexus/foundation/base/text.h"
#include "nexus/foundation/config/nearest.h"
#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"

namespace nexus::config {
namespace {

// timeout_ms, timeoutMs and timeout-ms are one key.
std::string plain(std::string_view key) {
  std::string plain;
  for (const char c : key) {
    if (c != '_' && c != '-') plain += lower(c);
  }
  return plain;
}

bool is_part_of_group(std::string_view path) {
  return std::ranges::any_of(rows(), [&](const Row& row) {
    return row.group == path || (row.group.starts_with(path) && row.group[path.size()] == '.');
  });
}

struct Match {
  const Row* row = nullptr;
  Measure measure = Measure::kOfRow;
};

Match find(std::string_view group, std::string_view key) {
  constexpr std::string_view kMiBEnd = "mb", kBytesEnd = "bytes";
  const std::string wanted = plain(key);
  for (const Row& row : rows()) {
    if (row.group != group) continue;
    const std::string known = plain(row.key);
    if (known == wanted) return {&row};
    const auto* number = std::get_if<Number>(&row.kind);
    if (number != nullptr && number->unit == Unit::kMiB && known.ends_with(kMiBEnd) &&
        wanted == known.substr(0, known.size() - kMiBEnd.size()) + std::string(kBytesEnd)) {
      return {&row, Measure::kBytes};
    }
  }
  return {};
}

std::string joined(std::string_view group, std::string_view key) {
  return group.empty() ? std::string(key) : fmt::format("{}.{}", group, key);
}

// A value on one line, as a person would write it; strings without quotes.
std::string text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return fmt::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* list = node.as_array()) {
    std::string items;
    for (const toml::node& item : *list)
      items += (items.empty() ? "" : ",") + text_of(item);
    return items;
  }
  if (const auto* number = node.as_floating_point()) return fmt::to_string(number->get());
  return node.is_table() ? "a table" : "a date or time";
}

Form form_of(const toml::node& node) {
  if (node.is_string()) return Form::kString;
  if (node.is_integer()) return Form::kInteger;
  if (node.is_boolean()) return Form::kBoolean;
  if (const auto* list = node.as_array()) {
    return std::ranges::all_of(*list, [](const toml::node& item) { return item.is_string(); }) ? Form::kList
                                                                                               : Form::kOther;
  }
  return Form::kOther;
}

std::vector<Spelling> spellings_of_groups() {
  std::vector<Spelling> known;
  for (const Row& row : rows())
    known.push_back({std::string(row.group), fmt::format("[{}]", row.group)});
  return known;
}

// Besides the right keys: right keys in the wrong group, and names of variables used as keys.
std::vector<Spelling> spellings_of_keys(std::string_view group) {
  std::vector<Spelling> known;
  for (const Row& row : rows()) {
    known.push_back({file_key(row), file_key(row)});
    known.push_back({joined(group, row.key), file_key(row), 1});
    known.push_back({joined(group, row.name), file_key(row), 1});
  }
  return known;
}

class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {}

  void enter(const toml::table& table, const std::string& group) {
    for (const auto& [key, node] : table) {
      const std::string name = joined(group, key.str());
      if (is_part_of_group(name)) {
        if (const auto* inner = node.as_table()) {
          enter(*inner, name);
        } else {
          error(key, {name, text_of(node), fmt::format("a table, [{}]", name), ""});
        }
      } else {
        take(key, node, group);
      }
    }
  }

  FileContent finish() && {
    for (auto& [line, error] : errors_)
      content_.errors.push_back(std::move(error));
    return std::move(content_);
  }

 private:
  void take(const toml::key& key, const toml::node& node, const std::string& group) {
    const std::string name = joined(group, key.str());
    const Match match = find(group, key.str());
    if (match.row == nullptr) return unknown(key, node, group);
    const Row& row = *match.row;
    Given given{
        text_of(node), form_of(node), {Source::kFile, fmt::format("{} {}", place(key), name)}, match.measure};
    if (content_.given.contains(row.name)) {
      error(key, {std::string(row.name), masked(row, given.text), "in the file once", ""});
    } else {
      content_.given.emplace(row.name, std::move(given));
    }
  }

  void unknown(const toml::key& key, const toml::node& node, const std::string& group) {
    const std::string name = joined(group, key.str());
    const auto known = node.is_table() ? spellings_of_groups() : spellings_of_keys(group);
    // A mistyped key may belong to a secret, which is a string: mask it.
    const bool is_harmless = node.is_integer() || node.is_boolean();
    error(key, {name, is_harmless ? text_of(node) : "***", "a known key" + did_you_mean(name, known), ""});
  }

  void error(const toml::key& key, ValidationError error) {
    error.origin = place(key);
    errors_.emplace(key.source().begin.line, std::move(error));
  }

  std::string place(const toml::key& key) const {
    return fmt::format("{}:{}", path_, key.source().begin.line);
  }

  const std::string& path_;
  std::multimap<unsigned, ValidationError> errors_;  // by line: the parser sorts keys by name
  FileContent content_;
};

// The parser quotes the text that it rejected, which may be part of a secret.
std::string without_quotation(std::string_view description) {
  return std::string(description.substr(0, description.find(", saw ")));
}

}  // namespace

FileContent read_toml(const std::string& path, std::string_view text) {
  try {
    const toml::table root = toml::parse(text, path);
    Walk walk(path);
    walk.enter(root, "");
    return std::move(walk).finish();
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return {{},
            {{"--config", path, fmt::format("valid TOML: {}", without_quotation(error.description())),
              fmt::format("{}:{}, column {}", path, at.line, at.column)}}};
  }
}

}  // namespace nexus::config
