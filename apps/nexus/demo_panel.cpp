#include "demo_panel.h"

extern "C" {
extern const char nexus_demo_panel[];
extern const char nexus_demo_panel_end[];
}

namespace nexus::app {

std::string_view demo_panel() { return {nexus_demo_panel, nexus_demo_panel_end}; }

}  // namespace nexus::app
