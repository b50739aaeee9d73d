# What comes from Debian. Which part uses what is in the sources; linking is by need (--as-needed).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(simdjson REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(curl REQUIRED libcurl)

add_library(nexus_dependencies INTERFACE)
target_link_libraries(nexus_dependencies INTERFACE
  Threads::Threads fmt::fmt spdlog::spdlog CLI11::CLI11 simdjson::simdjson Boost::headers
  OpenSSL::Crypto PkgConfig::xxhash PkgConfig::zstd)
# simdjson, fmt, libcrypto, zstd, toml++ and libcurl are shared libraries; Boost is headers only.
target_compile_definitions(nexus_dependencies INTERFACE BOOST_ALL_NO_LIB BOOST_ASIO_NO_DEPRECATED
  # Asio allocates by operator new, which has a reserve (foundation/base/memory_reserve.h).
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
