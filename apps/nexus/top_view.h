// The screen of `nexus top`. A pure function of the JSON of /runtime/memory.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::app {

// Lines of printable ASCII, without line ends. None: the text is not that JSON.
std::optional<std::vector<std::string>> top_view(std::string_view memory_json, std::string_view url);

}  // namespace nexus::app
