// One HTTP response. Head and body are two reused strings that go out in one write.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"

namespace nexus::http {

enum class ContentType : std::uint8_t { kJson, kPrometheus };

// The HTTP status of a refusal.
unsigned status_of(ErrorCode code);

// The error body of the API. `details_json` is one JSON value, or empty.
void append_error_json(std::string& out, const Error& error, std::string_view details_json);

// `{layer, setting, limit..., retryAfterMs}` for an error that a limit caused; empty for any other.
std::string details_of(const Error& error);

class Response {
 public:
  void clear();

  void set_status(unsigned status) { status_ = status; }
  void set_content_type(ContentType type) { content_type_ = type; }
  // REQUIRES: no line breaks in `value`. Adds all of it, or throws.
  void add_header(std::string_view name, std::string_view value);
  // What a 401 says to be in want of, in WWW-Authenticate; "Bearer" when nothing is set. REQUIRES: no line breaks.
  void set_challenge(std::string_view challenge) { challenge_ = challenge; }
  std::string& body() { return body_; }

  // To be called before that is done which this is the response to: it can then be sent whatever happens, and needs no more
  // memory. Until it is cleared, or refuses.
  void seal();
  bool is_sealed() const { return is_sealed_; }

  // Makes this the response to a refused request, whatever it was before.
  void refuse(const Error& error, std::string_view details_json = {});

  unsigned status() const { return status_; }
  std::size_t capacity() const { return body_.capacity() + head_.capacity(); }  // bytes that it keeps

  enum class Connection : bool { kKeep, kClose };
  enum class Body : bool { kSent, kOnlyDescribed };  // only described: for HEAD
  // What goes over the wire; valid until the next change. `date` is an IMF-fixdate; `request_id` may be empty.
  std::array<boost::asio::const_buffer, 2> serialise(std::string_view date, int version,
                                                     Connection connection, Body body,
                                                     std::string_view request_id = {});

 private:
  unsigned status_ = 200;
  ContentType content_type_ = ContentType::kJson;
  bool is_sealed_ = false;
  std::string headers_;
  std::string challenge_ = "Bearer";
  std::string body_;
  std::string head_;
};

}  // namespace nexus::http
