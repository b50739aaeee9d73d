// An operator who gives settings from any source and checks the outcome.
//
//   Operator().file("[server]\nhttp_port = 1\n").variable("HTTP_PORT", "2").flag("--http-port", "3").settings()
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "nexus/foundation/config/load.h"

namespace nexus::config {

class Operator {
 public:
  static constexpr char kFile[] = "nexus.toml";

  Operator file(std::string text) && {
    files_[kFile] = std::move(text);
    sources_.file = kFile;
    return std::move(*this);
  }
  // Names a file that may not exist.
  Operator config_path(std::string path) && {
    sources_.file = std::move(path);
    return std::move(*this);
  }
  Operator another_file(const std::string& path, std::string text) && {
    files_[path] = std::move(text);
    return std::move(*this);
  }
  Operator variable(const std::string& name, std::string value) && {
    variables_[name] = std::move(value);
    return std::move(*this);
  }
  Operator flag(std::string name, std::string value) && {
    sources_.flags.push_back({std::move(name), std::move(value)});
    return std::move(*this);
  }
  Operator rule(Rule rule) && {
    sources_.rules.push_back(std::move(rule));
    return std::move(*this);
  }

  std::expected<Loaded, std::vector<ValidationError>> load() && {
    sources_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      return found == variables_.end() ? std::nullopt : std::optional(found->second);
    };
    sources_.read_file = [this](const std::string& path) -> Result<std::string> {
      const auto found = files_.find(path);
      if (found == files_.end()) return fail(ErrorCode::kInvalidConfiguration, "no such file");
      return found->second;
    };
    return config::load(sources_);
  }

  // Fails the test if there are faults.
  Loaded loaded() && {
    auto loaded = std::move(*this).load();
    if (loaded) return *std::move(loaded);
    for (const ValidationError& error : loaded.error())
      ADD_FAILURE() << describe(error);
    return {};
  }
  Settings settings() && { return std::move(*this).loaded().settings; }

  std::vector<ValidationError> errors() && {
    auto loaded = std::move(*this).load();
    return loaded ? std::vector<ValidationError>{} : std::move(loaded.error());
  }

 private:
  std::map<std::string, std::string> files_, variables_;
  Sources sources_;
};

}  // namespace nexus::config
