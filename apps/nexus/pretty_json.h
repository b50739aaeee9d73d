// Formats JSON for people.
#pragma once

#include <string>
#include <string_view>

namespace nexus::app {

// One member or element per line, indented by two. REQUIRES: valid JSON without white space between its tokens.
std::string pretty_json(std::string_view json);

}  // namespace nexus::app
