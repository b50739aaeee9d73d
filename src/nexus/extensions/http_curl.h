// libcurl's handles, each with its end.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace nexus::extensions {

template <auto kEnd>
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
