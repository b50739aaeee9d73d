// The panel of `nexus serve --demo`: examples/demo.json, which the build puts into the program so that it is there
// whatever directory it is started in.
#pragma once

#include <string_view>

namespace nexus::app {

std::string_view demo_panel();

}  // namespace nexus::app
