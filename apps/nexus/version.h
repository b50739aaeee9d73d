// The version of the program; all other places take it from here.
#pragma once

namespace nexus::app {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace nexus::app
