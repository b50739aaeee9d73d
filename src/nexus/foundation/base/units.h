// Units of bytes, and the page sizes of the whole program.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nexus {

inline constexpr std::size_t kPageBytes = 4096;       // the unit of protection, tracking and copying
inline constexpr std::size_t kWasmPageBytes = 65536;  // the unit in which a linear memory grows

inline namespace literals {
constexpr std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
constexpr std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
constexpr std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }
}  // namespace literals

constexpr std::size_t pages_for(std::size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes; }

}  // namespace nexus
