#include "nexus/front/http/http_labels.h"

#include <algorithm>
#include <array>

namespace nexus::http {
namespace {

std::string_view name_of(Method method) {
  constexpr auto kNamed =
      std::to_array({Method::get, Method::head, Method::post, Method::put, Method::delete_, Method::options});
  if (std::ranges::find(kNamed, method) == kNamed.end()) return metrics::kOther;
  const auto name = to_string(method);
  return {name.data(), name.size()};
}

}  // namespace

metrics::HttpLabels labels_of(const Request& request, unsigned status) {
  return {.route = request.route.path != nullptr ? request.route.path->pattern : metrics::kOther,
          .method = name_of(request.method),
          .code = status};
}

}  // namespace nexus::http
