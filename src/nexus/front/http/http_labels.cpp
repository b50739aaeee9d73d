#include "nexus/front/http/http_labels.h"

namespace nexus::http {
namespace {

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    default:
      return metrics::kOther;
  }
}

}  // namespace

metrics::HttpLabels labels_of(const Request& request, unsigned status) {
  return {.route = request.route.path != nullptr ? request.route.path->pattern : metrics::kOther,
          .method = name_of(request.method),
          .code = status};
}

}  // namespace nexus::http
