#include "embedded.h"

extern "C" {
extern const char nexus_demo_panel[], nexus_demo_panel_end[];
extern const char nexus_openapi[], nexus_openapi_end[];
}

namespace nexus::app {

std::string_view demo_panel() { return {nexus_demo_panel, nexus_demo_panel_end}; }
std::string_view openapi_json() { return {nexus_openapi, nexus_openapi_end}; }

}  // namespace nexus::app
