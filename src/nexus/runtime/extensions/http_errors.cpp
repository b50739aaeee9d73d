#include "nexus/runtime/extensions/http_errors.h"

namespace nexus::extensions {
namespace {

std::string_view name_of(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return kNameNotFound;
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:  // libcurl's limit for connecting: our own deadline ends longer requests
      return kConnectFailed;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return kProxyFailed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
      return kTlsFailed;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
      return kConnectionLost;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_WRITE_ERROR:  // from libcurl's decoders
      return kBadAnswer;
    default:
      return kOtherError;
  }
}

}  // namespace

CallError network_error(CURLcode code, std::string_view text) {
  if (code == CURLE_OUT_OF_MEMORY) return memory_error("libcurl has no memory");
  return {"HttpError", std::string(text.empty() ? curl_easy_strerror(code) : text), name_of(code)};
}

CallError memory_error(std::string message) { return {"MemoryLimit", std::move(message)}; }

}  // namespace nexus::extensions
