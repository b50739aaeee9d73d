// Checks of parameters that were read.
#pragma once

#include <gtest/gtest.h>

#include <expected>
#include <string>
#include <string_view>

#include "nexus/foundation/model/error_response.h"

namespace nexus::http {

// The path of the error, or "fine".
template <class T>
std::string error_of(const std::expected<T, ErrorResponse>& read) {
  if (read) return "fine";
  EXPECT_EQ(read.error().error.code, ErrorCode::kInvalidRequest);
  const std::string& details = read.error().details_json;
  constexpr std::string_view kStart = R"([{"path":")";
  EXPECT_TRUE(details.starts_with(kStart)) << details;
  return details.substr(kStart.size(), details.find('"', kStart.size()) - kStart.size());
}

}  // namespace nexus::http
