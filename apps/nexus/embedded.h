// Files that the build embeds, so that the program finds them from any directory.
#pragma once

#include <string_view>

namespace nexus::app {

std::string_view demo_panel();    // examples/demo.json, for `nexus serve --demo`
std::string_view openapi_json();  // docs/openapi.json, for GET /openapi.json

}  // namespace nexus::app
