// The table of endpoints, and where in it a request leads.
#pragma once

#include <ostream>  // Boost's string_view needs all of it

#include <array>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "nexus/foundation/model/principal.h"

namespace nexus::http {

using Method = boost::beast::http::verb;

bool is_read(Method method);  // GET, HEAD

// Which event loop serves a request.
enum class Owner : std::uint8_t {
  kAnyLoop,       // the one that the request has come to
  kPanel,         // that of the panel which the first name in the path names
  kExecution,     // the same of an execution
  kSuspension,    // the same of a suspension
  kPanelOfQuery,  // that of the panel which ?panel= names
  kPanelOfBody,   // that of the panel which the definition in the body names
};

// One endpoint: a row of the table that a service serves.
struct Route {
  Method method;  // GET stands for HEAD as well
  // Names begin with a colon, and each stands for one segment of the path: "/panels/:id/trigger/:tool". Also the endpoint's
  // label in metrics. Rows of one pattern stand together.
  std::string_view pattern;
  Owner owner = Owner::kAnyLoop;
  std::optional<Scope> scope = Scope::kAdmin;  // that the caller must have; none: no caller is asked for one
  bool is_open = false;                        // needs no token, whatever name the server was called by
  bool is_websocket = false;                   // GET without HEAD
};
using Routes = std::span<const Route* const>;

// Where a target leads. The names are offsets, so that they stay right when the target is moved.
struct RouteMatch {
  struct Part {
    std::uint32_t at = 0, size = 0;
  };
  const Route* path =
      nullptr;  // a row of this path, whatever its method; null: there is nothing at the target
  const Route* row = nullptr;  // the row of path and method; null: the path has no such method
  std::array<Part, 2> names{};
  Part query{};  // without "?"
};

// REQUIRES: a target in normal form.
RouteMatch find_route(Routes routes, Method method, std::string_view target);

// The methods of a path for the Allow header, in the order of the table: "GET, HEAD".
std::string allowed_methods(Routes routes, std::string_view pattern);

}  // namespace nexus::http
