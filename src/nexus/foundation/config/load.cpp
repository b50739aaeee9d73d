#include "nexus/foundation/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "nexus/foundation/config/nearest.h"
#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/rules.h"
#include "nexus/foundation/config/table.h"
#include "nexus/foundation/config/toml_file.h"

namespace nexus::config {
namespace {

FileContent read_file_of(const Sources& sources) {
  if (!sources.file) return {};
  const auto text = sources.read_file(*sources.file);
  if (text) return read_toml(*sources.file, *text);
  return {{},
          {{"--config", *sources.file, fmt::format("a file that can be read: {}", text.error().message),
            "--config"}}};
}

std::optional<Given> from_environment(const Environment& environment, const Row& row) {
  for (const std::string& variable : {fmt::format("NEXUS_{}", row.name), std::string(row.name)}) {
    if (auto text = environment(variable); text && !text->empty()) {
      return Given{*std::move(text), Form::kWord, {Source::kEnvironment, variable}};
    }
  }
  return std::nullopt;
}

std::optional<Given> from_flags(const std::vector<Flag>& flags, const Row& row) {
  const auto found = std::ranges::find(flags, flag(row), &Flag::name);
  if (found == flags.end()) return std::nullopt;
  return Given{found->value, Form::kWord, {Source::kFlag, found->name}};
}

std::vector<ValidationError> unknown_flags(const std::vector<Flag>& flags) {
  std::vector<Spelling> known{{"--config", "--config"}};
  for (const Row& row : rows())
    known.push_back({flag(row), flag(row)});
  std::vector<ValidationError> errors;
  for (const auto& [name, value] : flags) {
    if (std::ranges::find(known, name, &Spelling::text) != known.end()) continue;
    const std::string bound =
        name.starts_with('-') ? "a known flag" + did_you_mean(name, known) : "a flag, such as --http-port";
    // The value may have been meant for a secret.
    errors.push_back({name, value.empty() ? "" : "***", bound, "the command line"});
  }
  return errors;
}

class Loading {
 public:
  explicit Loading(const Sources& sources) : sources_(sources), file_(read_file_of(sources)) {}

  std::expected<Loaded, std::vector<ValidationError>> finish() && {
    add(std::move(file_.errors));
    add(unknown_flags(sources_.flags));
    for (const Row& row : rows()) {
      if (const auto given = strongest(row)) take(row, *given);
    }
    let_defaults_follow(draft_);
    add(check_together(draft_));
    auto key = find_key(draft_, sources_.read_file);
    if (key) {
      draft_.loaded.settings.auth.key = *std::move(key);
    } else {
      errors_.push_back(std::move(key.error()));
    }
    for (const Rule& rule : sources_.rules)
      check(rule);
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    draft_.loaded.warnings = warnings_about(draft_.loaded);
    return std::move(draft_.loaded);
  }

 private:
  // Weaker sources are not read at all.
  std::optional<Given> strongest(const Row& row) const {
    if (auto given = from_flags(sources_.flags, row)) return given;
    if (auto given = from_environment(sources_.environment, row)) return given;
    const auto found = file_.given.find(row.name);
    return found == file_.given.end() ? std::nullopt : std::optional(found->second);
  }

  void take(const Row& row, const Given& given) {
    auto value = read(row, given);
    if (value) {
      set(row, draft_.loaded.settings, *std::move(value));
      draft_.loaded.origins.emplace(row.name, given.origin);
    } else {
      errors_.push_back(std::move(value.error()));
      draft_.faulty.insert(row.name);
    }
  }

  void check(const Rule& rule) {
    if (draft_.faulty.contains(rule.setting)) return;
    if (auto bound = rule.broken_bound(draft_.loaded.settings)) {
      errors_.push_back(error_of(draft_.loaded, rule.setting, *std::move(bound)));
    }
  }

  void add(std::vector<ValidationError> errors) { std::ranges::move(errors, std::back_inserter(errors_)); }

  const Sources& sources_;
  FileContent file_;
  Draft draft_;
  std::vector<ValidationError> errors_;
};

}  // namespace

std::expected<Loaded, std::vector<ValidationError>> load(const Sources& sources) {
  return Loading(sources).finish();
}

std::vector<ValidationError> validate(const RuntimeConfig& runtime) {
  constexpr std::string_view kOrigin = "RuntimeConfig";
  const Settings settings{.runtime = runtime};
  std::vector<ValidationError> errors;
  for (const Row& row : rows()) {
    if (row.group == "runtime" && !is_within_bounds(row, settings)) {
      errors.push_back(
          {std::string(row.name), show(row, settings).value, bound_of(row), std::string(kOrigin)});
    }
  }
  if (auto error = check_instances(runtime, std::string(kOrigin))) errors.push_back(*std::move(error));
  return errors;
}

}  // namespace nexus::config
