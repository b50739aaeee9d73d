// What `nexus top` shows. Pure: the text of /runtime/memory goes in, lines come out.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::app {

// Lines of printable ASCII, without line ends. None: it is no such text.
std::optional<std::vector<std::string>> top_view(std::string_view memory_json, std::string_view url);

}  // namespace nexus::app
