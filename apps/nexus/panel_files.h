// Reads definitions of panels from files, for `nexus serve PANEL.json` and `nexus panels put`.
#pragma once

#include <string>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/runtime/panels/definition.h"

namespace nexus::app {

struct PanelFile {
  std::string path;
  std::string json;
  panels::HandlerFiles handlers;  // reads files relative to the definition's folder
};

Result<std::string> read_file(const std::string& path);  // kInvalidConfiguration, with the reason

// The files that the arguments name, in order; for a folder its *.json, sorted by name.
Result<std::vector<PanelFile>> read_panel_files(const std::vector<std::string>& arguments);

}  // namespace nexus::app
