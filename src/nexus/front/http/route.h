// The table of endpoints, and the search in it.
#pragma once

#include <ostream>  // Boost's string_view needs it

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

// The event loop that serves a request.
enum class Owner : std::uint8_t {
  kAnyLoop,       // the loop of the connection
  kPanel,         // the loop of the panel in the path
  kExecution,     // the loop of the execution in the path
  kSuspension,    // the loop of the suspension in the path
  kPanelOfQuery,  // the loop of the panel in ?panel=
  kPanelOfBody,   // the loop of the panel whose definition is the body
};

// One endpoint: a row of the table that a service serves.
struct Route {
  Method method;  // GET stands for HEAD as well
  // "/panels/:id/trigger/:tool": a name begins with a colon and matches one segment of the path. It is also the
  // endpoint's label in metrics. Rows with the same pattern stand together.
  std::string_view pattern;
  Owner owner = Owner::kAnyLoop;
  std::optional<Scope> scope = Scope::kAdmin;  // that the principal must have; none: no scope is needed
  bool is_open = false;                        // needs no token, and accepts any Host
  bool is_websocket = false;                   // GET without HEAD
};
using Routes = std::span<const Route* const>;

// The result of the search. Names are offsets, which stay valid when the target's string is moved.
struct RouteMatch {
  struct Part {
    std::uint32_t at = 0, size = 0;
  };
  const Route* path = nullptr;  // a row of this path, with any method; null: no such path
  const Route* row = nullptr;   // the row of path and method; null: no such method
  std::array<Part, 2> names{};
  Part query{};  // without "?"
};

// REQUIRES: `target` is in normal form.
RouteMatch find_route(Routes routes, Method method, std::string_view target);

// The methods of a path, for the Allow header, in the order of the table: "GET, HEAD".
std::string allowed_methods(Routes routes, std::string_view pattern);

}  // namespace nexus::http
