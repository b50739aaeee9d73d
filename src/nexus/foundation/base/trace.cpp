#include "nexus/foundation/base/trace.h"

#include <fmt/format.h>

#include <algorithm>

namespace nexus {
namespace {

// version-traceid-parentid-flags
constexpr std::size_t kParentBytes = 2 + 1 + 32 + 1 + 16 + 1 + 2;
constexpr std::size_t kIdAt = 3, kSpanAt = 36, kFlagsAt = 53;

bool is_number(std::string_view digits) {
  return std::ranges::all_of(digits, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_not_zero(std::string_view digits) {
  return is_number(digits) && digits.find_first_not_of('0') != std::string_view::npos;
}

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kMostRequestIdBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// A later version may be longer, but has the same start.
bool is_trace_parent(std::string_view text) {
  if (text.size() < kParentBytes || text[2] != '-' || text[kSpanAt - 1] != '-' || text[kFlagsAt - 1] != '-')
    return false;
  const std::string_view version = text.substr(0, 2);
  const bool is_this_version = version == "00";
  const bool has_end = is_this_version ? text.size() == kParentBytes
                                       : text.size() == kParentBytes || text[kParentBytes] == '-';
  return has_end && is_number(version) && version != "ff" && is_not_zero(text.substr(kIdAt, 32)) &&
         is_not_zero(text.substr(kSpanAt, 16)) && is_number(text.substr(kFlagsAt, 2));
}

std::string child_of(std::string_view parent, std::uint64_t own) {
  return fmt::format("00-{}-{:016x}-{}", parent.substr(kIdAt, 32), own, parent.substr(kFlagsAt, 2));
}

}  // namespace nexus
