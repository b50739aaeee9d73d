// Panels as the API shows them.
#pragma once

#include <string>

#include "nexus/runtime/panels/panel.h"

namespace nexus::api {

// Panels have no other yet; what waits or runs in one is shown elsewhere.
inline constexpr std::string_view kActive = "active";

enum class InfoParts : std::uint8_t {
  kBrief,        // for lists: all but the state
  kState,        // with the state
  kDefinitions,  // and with what the panel and its tools were asked to be, as a PUT takes it
};

// Appends INFO, one JSON object. `ws_url`: empty in lists.
void append_info(std::string& out, const panels::Panel& panel, InfoParts parts, std::string_view ws_url = {});

}  // namespace nexus::api
