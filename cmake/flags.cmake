# How our C++ is compiled. nexus_flags goes to every target of ours.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Release or Debug" FORCE)
endif()

# Line tables stay in a release, so that a crash report names lines. Debug is the default of the
# tests: asserts on, optimised enough to fuzz with.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")

find_program(CCACHE ccache)
if(CCACHE)
  # Relative paths make a second clone hit the cache that the first one filled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(nexus_flags INTERFACE)
target_compile_options(nexus_flags INTERFACE
  $<$<CXX_COMPILER_ID:Clang>:-Wno-unknown-warning-option> # the fuzzers' compiler; the list is GCC's
  -fno-plt -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
  -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wextra-semi -Wredundant-decls
  -Wno-missing-field-initializers # designated initialisers leave out fields on purpose
  -Wno-restrict)                  # false alarms in GCC 12's std::string (PR 105651)
target_link_options(nexus_flags INTERFACE -Wl,--as-needed)

# GNU ld takes seconds for each program that holds the engine.
find_program(LLD ld.lld PATHS /usr/lib/llvm-19/bin NO_DEFAULT_PATH)
if(LLD)
  cmake_path(GET LLD PARENT_PATH lld_directory)
  target_link_options(nexus_flags INTERFACE -B${lld_directory} -fuse-ld=lld)
endif()

if(NEXUS_SANITIZE)
  # Instrumented code confuses the warnings that follow values through it, and -Wtsan only says that
  # TSan does not know fences, which Asio has.
  target_compile_options(nexus_flags INTERFACE -fsanitize=${NEXUS_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds -Wno-tsan)
  target_link_options(nexus_flags INTERFACE -fsanitize=${NEXUS_SANITIZE})
else()
  # A host function runs on a fiber's stack and may use 64 KiB of it. Sanitizers make frames larger.
  target_compile_options(nexus_flags INTERFACE -Wframe-larger-than=65536)
endif()
