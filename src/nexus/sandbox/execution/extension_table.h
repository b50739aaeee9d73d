// The names of the extensions and of their methods, as handlers see them.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/json/json_text.h"

namespace nexus::sandbox {

// Filled at the start; constant while handlers run.
class ExtensionTable {
 public:
  void add(std::string_view name, std::vector<std::string_view> methods) {
    methods_.insert_or_assign(std::string(name), std::vector<std::string>(methods.begin(), methods.end()));
  }
  // The method's name, valid as long as the table; empty if it does not exist.
  std::string_view find(std::string_view name, std::string_view method) const {
    const auto found = methods_.find(name);
    if (found == methods_.end()) return {};
    const auto its = std::ranges::find(found->second, method);
    return its == found->second.end() ? std::string_view() : *its;
  }
  // JSON arrays of all extensions and of one extension's methods; empty if the extension does not exist.
  std::string names_json() const {
    return json_array(methods_, [](const auto& entry) { return json_string(entry.first); });
  }
  std::string methods_json(std::string_view name) const {
    const auto found = methods_.find(name);
    return found == methods_.end() ? std::string() : json_array(found->second, json_string);
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> methods_;
};

}  // namespace nexus::sandbox
