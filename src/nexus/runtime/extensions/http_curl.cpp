#include "nexus/runtime/extensions/http_curl.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <mutex>

namespace nexus::extensions {

#define NEXUS_DEFINE(name) decltype(&::name) name = nullptr;
NEXUS_CURL_FUNCTIONS(NEXUS_DEFINE)
#undef NEXUS_DEFINE

namespace {

constexpr char kLibrary[] = "libcurl.so.4";

template <class Function>
Result<void> find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function != nullptr) return {};
  return fail(ErrorCode::kInternalError, fmt::format("$ext.http: {} has no {}", kLibrary, name));
}

}  // namespace

Result<void> load_curl() {
  static std::mutex mutex;
  static bool is_loaded = false;
  const std::lock_guard lock(mutex);
  if (is_loaded) return {};
  void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return fail(ErrorCode::kInternalError, fmt::format("$ext.http needs libcurl: {}", dlerror()));
#define NEXUS_FIND(name) \
  if (auto found = find(library, #name, name); !found) return found;
  NEXUS_CURL_FUNCTIONS(NEXUS_FIND)
#undef NEXUS_FIND
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return fail(ErrorCode::kInternalError, "$ext.http: libcurl cannot be used");
  is_loaded = true;
  return {};
}

}  // namespace nexus::extensions
