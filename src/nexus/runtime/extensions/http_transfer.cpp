#include "nexus/runtime/extensions/http_transfer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "nexus/runtime/extensions/http_address_guard.h"
#include "nexus/runtime/extensions/http_errors.h"

namespace nexus::extensions {
namespace {

constexpr std::uint64_t kMostHeaderBytes = 65'536;
constexpr std::uint64_t kHeaderLineBytes = 64;  // libcurl's own bytes per header line
constexpr std::size_t kLeastBufferBytes = 16'384;

constexpr std::array<long, 5> kRedirections{301, 302, 303, 307, 308};

}  // namespace

std::unique_ptr<HttpTransfer> HttpTransfer::create(const HttpRequest& request, const HttpTarget& target,
                                                   const HttpOptions& options, budget::Grant& grant) {
  std::unique_ptr<HttpTransfer> transfer(new HttpTransfer(request, target, options, grant));
  if (!transfer->easy_ || !transfer->set_up()) return nullptr;
  return transfer;
}

bool HttpTransfer::set_up() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_URL, target_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl_text_.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::take_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &HttpTransfer::open_socket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, &HttpTransfer::begin_lookup);
  curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &HttpTransfer::begin_request);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  set_limits();
  set_body();
  return set_headers();
}

// Ignores the environment of the process, and allows only HTTP.
void HttpTransfer::set_limits() {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);  // each redirect is checked: see http_calls.cpp
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY,
                   options_.config.proxy.c_str());  // empty: no proxy, whatever the environment says
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // all encodings that libcurl supports
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "nexus-runtime");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // the end of the process waits for no lookup
}

void HttpTransfer::set_body() {
  CURL* easy = easy_.get();
  const bool sends_length =
      request_.body || request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
  if (request_.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (sends_length) {
    const std::string_view body = request_.body ? std::string_view(*request_.body) : "";
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  } else {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  }
  if (request_.method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

bool HttpTransfer::set_headers() {
  bool is_complete =
      add_header("Expect:");  // otherwise libcurl waits for a response before it sends a large body
  if (find_header(request_.headers, "content-type") == nullptr)
    is_complete = is_complete && add_header("Content-Type:");  // otherwise libcurl declares a form
  for (const HttpHeader& header : request_.headers) {
    // A semicolon is libcurl's notation for a header with an empty value.
    const bool is_empty = header.value.find_first_not_of(" \t") == std::string::npos;
    is_complete = is_complete && add_header(is_empty ? header.name + ';' : header.name + ": " + header.value);
  }
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return is_complete;
}

bool HttpTransfer::add_header(const std::string& line) {
  curl_slist* first = curl_slist_append(headers_.get(), line.c_str());
  if (!headers_) headers_.reset(first);  // later calls keep the first node
  return first != nullptr;
}

long HttpTransfer::status() const {
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::optional<CallError> HttpTransfer::error(CURLcode code) const {
  if (code == CURLE_OK) return std::nullopt;
  if (error_) return error_;
  if (address_error_) return address_error_;
  return network_error(code, curl_text_.data());
}

std::optional<std::string> HttpTransfer::redirection() const {
  if (std::ranges::find(kRedirections, status()) == kRedirections.end()) return std::nullopt;
  const char* url = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_REDIRECT_URL, &url);
  if (url == nullptr) return std::nullopt;
  return url;
}

HttpResponse HttpTransfer::take_response() {
  HttpResponse response{.status = status(), .headers = {}, .body = std::move(body_)};
  curl_header* header = nullptr;
  while ((header = curl_easy_nextheader(easy_.get(), CURLH_HEADER, -1, header)) != nullptr)
    response.headers.push_back({header->name, header->value});
  return response;
}

std::size_t HttpTransfer::take_body(char* bytes, std::size_t size, std::size_t count, void* self) noexcept {
  const std::size_t all = size * count;
  return static_cast<HttpTransfer*>(self)->keep({bytes, all}) ? all : 0;
}

bool HttpTransfer::keep(std::string_view bytes) {
  if (body_.size() + bytes.size() > options_.max_body_bytes) {
    error_ = CallError{
        "ResponseTooLarge",
        fmt::format("the response's body is longer than {} bytes (BODY_LIMIT)", options_.max_body_bytes)};
    return false;
  }
  if (body_.size() + bytes.size() > body_.capacity()) {
    const std::size_t wanted =
        std::max({body_.size() + bytes.size(), body_.capacity() * 2, kLeastBufferBytes});
    if (auto grown = grant_.grow_by(wanted - (body_.empty() ? 0 : body_.capacity())); !grown) {
      error_ = memory_error(std::move(grown.error().message));
      return false;
    }
    body_.reserve(wanted);
  }
  body_ += bytes;
  return true;
}

std::size_t HttpTransfer::take_header(char*, std::size_t size, std::size_t count, void* self) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  transfer->header_bytes_ += size * count + kHeaderLineBytes;
  if (transfer->header_bytes_ <= kMostHeaderBytes) return size * count;
  transfer->error_ =
      CallError{"ResponseTooLarge",
                fmt::format("the response's headers are longer than {} bytes, {} for each counted in",
                            kMostHeaderBytes, kHeaderLineBytes)};
  return 0;
}

// Checks the address that is actually connected to, whatever a lookup said before. The address of a proxy is the
// operator's choice.
curl_socket_t HttpTransfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  transfer->is_looking_up_ = false;
  if (transfer->is_abandoned_) return CURL_SOCKET_BAD;
  const auto& config = transfer->options_.config;
  if (!config.allow_private && config.proxy.empty()) {
    if (const auto rule = refusing_rule(address->addr)) {
      transfer->address_error_ = address_error(transfer->target_.host, address_text(address->addr), *rule);
      return CURL_SOCKET_BAD;
    }
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int HttpTransfer::begin_lookup(void*, void*, void* self) {
  static_cast<HttpTransfer*>(self)->is_looking_up_ = true;
  return 0;
}

// Allows one attempt unless the request is idempotent. libcurl sends a request again on a new connection when a kept
// one closes without a response; but the server may have acted on the first attempt already.
int HttpTransfer::begin_request(void* self, char*, char*, int, int) {
  auto* transfer = static_cast<HttpTransfer*>(self);
  transfer->is_looking_up_ = false;
  if (transfer->is_abandoned_) return CURL_PREREQFUNC_ABORT;
  if (++transfer->times_sent_ == 1 || transfer->request_.is_idempotent) return CURL_PREREQFUNC_OK;
  transfer->error_ =
      CallError{"HttpError",
                "the connection was lost after the request had been sent; it is not sent again unless "
                "it is idempotent",
                kConnectionLost};
  return CURL_PREREQFUNC_ABORT;
}

}  // namespace nexus::extensions
