// ASCII letters, independent of the locale.
#pragma once

namespace nexus {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace nexus
