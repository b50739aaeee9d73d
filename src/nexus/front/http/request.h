// One HTTP request as it comes in. Only what this server looks at is kept; the strings are reused from request to
// request, so that a connection in steady state allocates nothing.
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
  RouteMatch route;    // where it leads
  std::string host;    // the address that was called, when none was sent
  std::string origin;  // empty: none was sent
  std::string prefer;  // of several headers of that name, one list
  std::optional<std::string> idempotency_key;
  std::string authorization;
  // Lists of entity tags; of several headers of one name, one list.
  std::optional<std::string> if_match, if_none_match;
  std::string websocket_key, websocket_version;
  std::string forwarded_proto, forwarded_host;  // what a proxy says that it was called with
  Trace trace;
  std::string body;
  bool has_host = false;
  bool has_requested_method = false;  // Access-Control-Request-Method: a browser asks before it calls
  bool expects_continue = false;
  bool keep_alive = false;
  bool asks_for_websocket = false;
  int version = 11;

  // What the check of the head has found; see principal_of().
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

// Puts a target into one form, in place: the scheme and authority of an absolute URL go, and letters, digits and
// "-._~" that were percent-encoded stand for themselves. All else that is encoded stays so.
void normalise_target(std::string& target);

// The target with the value of each `token=` in its query left out: for everything that is printed or sent back.
std::string masked(std::string_view target);

// Beast's parser, writing into a Request. One is made per request; it holds no memory of its own.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  RequestParser(Request& request, Routes routes, std::uint64_t body_limit, std::uint32_t header_limit);

  // Set when the body is larger than the limit, or says that it will be.
  bool is_body_too_large() const { return is_body_too_large_; }
  // The header that is there more than once and may not be; empty: there is none.
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
