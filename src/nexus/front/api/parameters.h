// The query parameters that several resources share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "nexus/foundation/model/error_response.h"
#include "nexus/foundation/model/result.h"

namespace nexus::api {

// ?logs=1
WithLogs logs_of(std::string_view query);

// ?include=handlers
enum class Include : bool { kNothing, kHandlers };
std::expected<Include, ErrorResponse> include_of(std::string_view query);

// ?limit=&after=
inline constexpr std::size_t kMostPerPage = 1000;
struct Page {
  std::size_t limit = 100;
  std::string after{};  // an id, of a panel that may not exist; empty: from the first
};
std::expected<Page, ErrorResponse> page_of(std::string_view query);

}  // namespace nexus::api
