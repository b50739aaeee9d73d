#include "nexus/front/api/parameters.h"

#include <fmt/format.h>

#include <charconv>

#include "nexus/foundation/base/ids.h"
#include "nexus/front/http/query.h"

namespace nexus::api {

WithLogs logs_of(std::string_view query) {
  return http::has_flag(query, "logs") ? WithLogs::kYes : WithLogs::kNo;
}

std::expected<Include, ErrorResponse> include_of(std::string_view query) {
  const auto include = http::find_parameter(query, "include");
  if (!include) return std::unexpected(include.error());
  if (!*include) return Include::kNothing;
  if (**include == "handlers") return Include::kHandlers;
  return std::unexpected(refuse_part("include", "must be handlers"));
}

std::expected<Page, ErrorResponse> page_of(std::string_view query) {
  Page page;
  const auto limit = http::find_parameter(query, "limit");
  if (!limit) return std::unexpected(limit.error());
  if (*limit) {
    const char* const end = (*limit)->data() + (*limit)->size();
    const auto read = std::from_chars((*limit)->data(), end, page.limit);
    if (read.ec != std::errc{} || read.ptr != end || page.limit == 0 || page.limit > kMostPerPage) {
      return std::unexpected(
          refuse_part("limit", fmt::format("must be a whole number from 1 to {}", kMostPerPage)));
    }
  }
  const auto after = http::find_parameter(query, "after");
  if (!after) return std::unexpected(after.error());
  if (*after) {
    if (!is_panel_id(**after)) return std::unexpected(refuse_part("after", "must be the id of a panel"));
    page.after = **after;
  }
  return page;
}

}  // namespace nexus::api
