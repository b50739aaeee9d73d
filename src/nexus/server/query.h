// The parameters of a request's query.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/sandbox/result.h"
#include "nexus/server/refusal.h"

namespace nexus::server {

// The value of `name`; none: it isn't there. A parameter that is there twice is a fault. REQUIRES: a query in normal form.
std::expected<std::optional<std::string_view>, Refusal> find_parameter(std::string_view query,
                                                                       std::string_view name);

// Whether the query has `name=1` or `name=true`.
bool has_flag(std::string_view query, std::string_view name);

// ?logs=1
sandbox::WithLogs logs_of(std::string_view query);

// ?include=handlers
enum class Include : bool { kNothing, kHandlers };
std::expected<Include, Refusal> include_of(std::string_view query);

// ?limit=&after=
inline constexpr std::size_t kMostPerPage = 1000;
struct Page {
  std::size_t limit = 100;
  std::string after{};  // an id, whether or not there is such a panel; empty: from the first
};
std::expected<Page, Refusal> page_of(std::string_view query);

}  // namespace nexus::server
