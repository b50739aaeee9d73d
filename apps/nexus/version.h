// The program's version, the only place where it stands.
#pragma once

namespace nexus::app {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace nexus::app
