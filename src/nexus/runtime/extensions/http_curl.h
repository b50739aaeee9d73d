// libcurl's functions under their own names, and RAII handles. The library is loaded by the first request instead of
// linked: it brings thirty other libraries that would slow down every start of the process.
#pragma once

#include <curl/curl.h>

#include <memory>

#include "nexus/foundation/base/error.h"

namespace nexus::extensions {

// All functions that are used.
#define NEXUS_CURL_FUNCTIONS(F) \
  F(curl_easy_cleanup)          \
  F(curl_easy_getinfo)          \
  F(curl_easy_init)             \
  F(curl_easy_nextheader)       \
  F(curl_easy_setopt)           \
  F(curl_easy_strerror)         \
  F(curl_free)                  \
  F(curl_global_init)           \
  F(curl_multi_add_handle)      \
  F(curl_multi_cleanup)         \
  F(curl_multi_info_read)       \
  F(curl_multi_init)            \
  F(curl_multi_remove_handle)   \
  F(curl_multi_setopt)          \
  F(curl_multi_socket_action)   \
  F(curl_slist_append)          \
  F(curl_slist_free_all)        \
  F(curl_url)                   \
  F(curl_url_cleanup)           \
  F(curl_url_get)               \
  F(curl_url_set)               \
  F(curl_url_strerror)

// In this namespace these pointers hide the functions of libcurl's header. They are null before load_curl().
#define NEXUS_DECLARE(name) extern decltype(&::name) name;
NEXUS_CURL_FUNCTIONS(NEXUS_DECLARE)
#undef NEXUS_DECLARE

// The first success takes a few milliseconds. kInternalError: the library is missing or unusable; a later call tries
// again.
Result<void> load_curl();

template <auto& kEnd>
struct CurlEnd {
  template <class T>
  void operator()(T* handle) const {
    kEnd(handle);
  }
};

using CurlEasy = std::unique_ptr<CURL, CurlEnd<curl_easy_cleanup>>;
using CurlMulti = std::unique_ptr<CURLM, CurlEnd<curl_multi_cleanup>>;
using CurlUrl = std::unique_ptr<CURLU, CurlEnd<curl_url_cleanup>>;
using CurlList = std::unique_ptr<curl_slist, CurlEnd<curl_slist_free_all>>;
using CurlText = std::unique_ptr<char, CurlEnd<curl_free>>;

}  // namespace nexus::extensions
