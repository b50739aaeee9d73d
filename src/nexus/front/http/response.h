// One HTTP response. Head and body are two strings that are reused and go out in one write.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"

namespace nexus::http {

enum class ContentType : std::uint8_t { kJson, kPrometheus };

// The HTTP status of an error.
unsigned status_of(ErrorCode code);

// Appends the error body of the API. `details_json`: one JSON value, or empty.
void append_error_json(std::string& out, const Error& error, std::string_view details_json);

// `{layer, setting, limit..., retryAfterMs}` for an error that a limit caused; empty for other errors.
std::string details_of(const Error& error);

class Response {
 public:
  void clear();

  void set_status(unsigned status) { status_ = status; }
  void set_content_type(ContentType type) { content_type_ = type; }
  // REQUIRES: `value` has no line breaks.
  void add_header(std::string_view name, std::string_view value);
  // Sets WWW-Authenticate of a 401; the default is "Bearer". REQUIRES: no line breaks.
  void set_challenge(std::string_view challenge) { challenge_ = challenge; }
  std::string& body() { return body_; }

  // Replaces this response by an error response.
  void refuse(const Error& error, std::string_view details_json = {});

  unsigned status() const { return status_; }
  std::size_t capacity() const { return body_.capacity() + head_.capacity(); }  // bytes of the buffers

  enum class Connection : bool { kKeep, kClose };
  enum class Body : bool { kSent, kOnlyDescribed };  // headers only, for HEAD
  // The bytes to send; valid until the next change. `date`: an IMF-fixdate. `request_id` may be empty.
  std::array<boost::asio::const_buffer, 2> serialise(std::string_view date, int version,
                                                     Connection connection, Body body,
                                                     std::string_view request_id = {});

 private:
  unsigned status_ = 200;
  ContentType content_type_ = ContentType::kJson;
  std::string headers_;
  std::string challenge_ = "Bearer";
  std::string body_;
  std::string head_;
};

}  // namespace nexus::http
