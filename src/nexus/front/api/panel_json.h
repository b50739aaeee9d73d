// The JSON of panels.
#pragma once

#include <string>

#include "nexus/runtime/panels/panel.h"

namespace nexus::api {

// The only status of a panel so far.
inline constexpr std::string_view kActive = "active";

enum class InfoParts : std::uint8_t {
  kBrief,        // for lists: all but the state
  kState,        // with the state
  kDefinitions,  // with state, and the definitions of the panel and its tools, as a PUT takes them
};

// Appends INFO, one JSON object. `ws_url`: empty in lists.
void append_info(std::string& out, const panels::Panel& panel, InfoParts parts, std::string_view ws_url = {});

}  // namespace nexus::api
