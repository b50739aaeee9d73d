// One request in progress: libcurl's handle with its options, and the response so far.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "nexus/foundation/config/settings.h"
#include "nexus/runtime/extensions/http_curl.h"
#include "nexus/runtime/extensions/http_request.h"
#include "nexus/runtime/extensions/http_response.h"
#include "nexus/runtime/extensions/http_target.h"

namespace nexus::extensions {

struct HttpOptions {
  config::HttpExtensionConfig config;
  std::uint64_t max_body_bytes = 0;  // limit of a decoded response body (BODY_LIMIT)
};

// Thread safety: belongs to the http thread. Not movable: libcurl keeps its address.
class HttpTransfer {
 public:
  // Memory inside libcurl: buffers, TLS, and the response's headers.
  static constexpr std::uint64_t kOwnBytes = 128 * 1024;

  // Charges received bytes to `grant`. All arguments must outlive the transfer. Null: libcurl has no memory.
  static std::unique_ptr<HttpTransfer> create(const HttpRequest& request, const HttpTarget& target,
                                              const HttpOptions& options, budget::Grant& grant);
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  // True while a thread of libcurl looks the name up. Removing the transfer then would block until the lookup has
  // ended.
  bool is_looking_up() const { return is_looking_up_; }
  // Its call has ended: the transfer ends as soon as the lookup has.
  void abandon() { is_abandoned_ = true; }

  long status() const;
  // After the end: why it failed; none: it succeeded.
  std::optional<CallError> error(CURLcode code) const;
  // The URL of a redirect; none: the response is none.
  std::optional<std::string> redirection() const;
  HttpResponse take_response();

 private:
  HttpTransfer(const HttpRequest& request, const HttpTarget& target, const HttpOptions& options,
               budget::Grant& grant)
      : request_(request), target_(target), options_(options), grant_(grant), easy_(curl_easy_init()) {}
  bool set_up();
  void set_limits();
  void set_body();
  bool set_headers();
  bool add_header(const std::string& line);

  static std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept;
  static std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* self);
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int begin_lookup(void* resolver, void* reserved, void* self);
  static int begin_request(void* self, char* remote, char* local, int remote_port, int local_port);
  bool keep(std::string_view bytes);

  const HttpRequest& request_;
  const HttpTarget& target_;
  const HttpOptions& options_;
  budget::Grant& grant_;
  CurlList headers_;
  std::array<char, CURL_ERROR_SIZE> curl_text_{};
  std::string body_;
  std::uint64_t header_bytes_ = 0;
  int times_sent_ = 0;
  bool is_looking_up_ = false;
  bool is_abandoned_ = false;
  std::optional<CallError> error_;  // our own reason to end the transfer
  std::optional<CallError> address_error_;
  CurlEasy easy_;  // last: it uses the others
};

}  // namespace nexus::extensions
