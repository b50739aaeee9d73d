// Files that the build puts into the program, so that they are there whatever directory it is started in.
#pragma once

#include <string_view>

namespace nexus::app {

std::string_view demo_panel();    // examples/demo.json, for `nexus serve --demo`
std::string_view openapi_json();  // docs/openapi.json, for GET /openapi.json

}  // namespace nexus::app
