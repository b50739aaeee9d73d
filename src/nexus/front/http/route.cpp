#include "nexus/front/http/route.h"

namespace nexus::http {
namespace {

using Part = RouteMatch::Part;

Part part(std::size_t from, std::size_t to) {
  return {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)};
}

bool matches(std::string_view pattern, std::string_view path, std::array<Part, 2>& names) {
  std::size_t at = 0, name = 0;
  while (!pattern.empty()) {
    const std::string_view literal = pattern.substr(0, pattern.find(':'));
    if (!path.substr(at).starts_with(literal)) return false;
    at += literal.size();
    pattern.remove_prefix(literal.size());
    if (pattern.empty()) break;
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (end == at) return false;
    names[name++] = part(at, end);
    at = end;
    pattern.remove_prefix(std::min(pattern.find('/'), pattern.size()));
  }
  return at == path.size();
}

bool serves(const Route& row, Method method) {
  return row.method == method || (row.method == Method::get && method == Method::head && !row.is_websocket);
}

}  // namespace

bool is_read(Method method) { return method == Method::get || method == Method::head; }

RouteMatch find_route(Routes routes, Method method, std::string_view target) {
  RouteMatch match;
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.size() < target.size()) match.query = part(path.size() + 1, target.size());
  for (const Route* row : routes) {
    if (match.path != nullptr && row->pattern != match.path->pattern) break;
    if (match.path == nullptr && !matches(row->pattern, path, match.names)) continue;
    match.path = row;
    if (!serves(*row, method)) continue;
    match.row = row;
    break;
  }
  if (match.path == nullptr) match.names = {};
  return match;
}

std::string allowed_methods(Routes routes, std::string_view pattern) {
  std::string allowed;
  for (const Route* row : routes) {
    if (row->pattern != pattern) continue;
    for (const Method method : {row->method, Method::head}) {
      if (method == Method::head && !serves(*row, method)) continue;
      if (!allowed.empty()) allowed += ", ";
      const auto name = boost::beast::http::to_string(method);
      allowed.append(name.data(), name.size());
    }
  }
  return allowed;
}

}  // namespace nexus::http
