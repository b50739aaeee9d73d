// One HTTP request. It has only the parts that this server uses; its strings are reused from request to request, so
// that a connection in steady state allocates nothing.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/verb.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/base/trace.h"
#include "nexus/foundation/model/principal.h"
#include "nexus/front/http/route.h"

namespace nexus::http {

struct Request {
  Method method = Method::unknown;
  std::string target;  // path and query, in the normal form of normalise_target()
  RouteMatch route;    // the endpoint of the target
  std::string host;    // the local address when the request has no Host
  std::string origin;  // empty: no header
  std::string prefer;  // several headers are joined to one list
  std::optional<std::string> idempotency_key;
  std::string authorization;
  // Lists of entity tags; several headers of one name are joined to one list.
  std::optional<std::string> if_match, if_none_match;
  std::string websocket_key, websocket_version;
  std::string forwarded_proto, forwarded_host;  // the host and scheme that clients use, according to a proxy
  Trace trace;
  std::string body;
  bool has_host = false;
  bool has_requested_method = false;  // a preflight has the header Access-Control-Request-Method
  bool expects_continue = false;
  bool keep_alive = false;
  bool asks_for_websocket = false;
  int version = 11;

  // The principal, set by the check of the head; see auth.
  std::shared_ptr<const Principal> principal;
  std::string challenge;  // for a 401

  void clear();

  // The `index`th name in the path; empty: there is none.
  std::string_view name(std::size_t index) const { return text_of(route.names[index]); }
  std::string_view query() const { return text_of(route.query); }

 private:
  std::string_view text_of(RouteMatch::Part part) const {
    return std::string_view(target).substr(part.at, part.size);
  }
};

// Brings a target into normal form, in place: removes scheme and authority of an absolute URL, and decodes
// percent-encoded letters, digits and "-._~". Other encoded bytes stay encoded.
void normalise_target(std::string& target);

// The target without the values of `token=` in its query, for everything that is logged or sent back.
std::string masked(std::string_view target);

// Beast's parser, which writes into a Request. One is made for each request; it holds no memory of its own.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(Request& request, Routes routes, std::uint64_t body_limit, std::uint32_t header_limit);

  // True when the body exceeds the limit, or its announced length does.
  bool is_body_too_large() const { return is_body_too_large_; }
  // The header that may occur only once and occurs again; empty: there is none.
  std::string_view repeated_header() const { return repeated_header_; }

 private:
  using Code = boost::beast::error_code;
  using View = boost::beast::string_view;
  void on_request_impl(Method method, View method_text, View target, int version, Code& code) override;
  void on_response_impl(int, View, int, Code&) override {}
  void on_field_impl(boost::beast::http::field name, View name_text, View value, Code& code) override;
  void on_header_impl(Code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
  std::size_t on_body_impl(View part, Code& code) override;
  void on_chunk_header_impl(std::uint64_t, View, Code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View part, Code& code) override {
    return on_body_impl(part, code);
  }
  void on_finish_impl(Code&) override {}
  void refuse_body(Code& code);
  void only_once(bool is_there, std::string_view header, Code& code);

  Request& request_;
  Routes routes_;
  std::uint64_t body_limit_;
  bool is_body_too_large_ = false;
  std::string_view repeated_header_;
};

}  // namespace nexus::http
