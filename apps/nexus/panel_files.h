// Definitions of panels in files: what `nexus serve PANEL.json` reads.
#pragma once

#include <string>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/runtime/panels/definition.h"

namespace nexus::app {

struct PanelFile {
  std::string path;
  std::string json;
  panels::HandlerFiles handlers;  // relative to the file's folder
};

Result<std::string> read_file(const std::string& path);  // kInvalidConfiguration, with the reason

// All files that the arguments name, in order; of a folder its *.json by name.
Result<std::vector<PanelFile>> read_panel_files(const std::vector<std::string>& arguments);

}  // namespace nexus::app
