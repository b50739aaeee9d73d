# The interpreter: guest/ -> guest.wasm (cached by scripts/build-guest) -> guest.cwasm (compiled ahead
# of time by nexus-compile, with the very engine configuration that loads it) -> nexus_guest, an
# object with nexus_guest_cwasm and nexus_guest_cwasm_size in it.
if(NOT EXISTS ${CMAKE_SOURCE_DIR}/guest/interpreter.c OR NOT EXISTS ${CMAKE_SOURCE_DIR}/apps/compile/main.cpp)
  return()
endif()

file(GLOB guest_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/guest/*)
set(guest_directory ${CMAKE_BINARY_DIR}/guest)
file(MAKE_DIRECTORY ${guest_directory})
add_custom_command(OUTPUT ${guest_directory}/guest.wasm
  COMMAND ${CMAKE_SOURCE_DIR}/scripts/build-guest ${guest_directory}/guest.wasm
  DEPENDS ${guest_sources} ${CMAKE_SOURCE_DIR}/scripts/build-guest ${CMAKE_SOURCE_DIR}/engine/Cargo.lock
  COMMENT "Building guest.wasm" VERBATIM)

if(NEXUS_SANITIZE)
  # Compiling is Rust alone, which sanitizers see as one long stretch of unknown code: take the tool
  # from the release build. Ninja finds out whether it is up to date.
  set(compile_tool ${CMAKE_SOURCE_DIR}/build/release/bin/nexus-compile)
  add_custom_target(nexus-compile-release
    COMMAND sh -c "${CMAKE_COMMAND} --preset release >/dev/null"
    COMMAND ${CMAKE_COMMAND} --build --preset release --target nexus-compile
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} BYPRODUCTS ${compile_tool}
    COMMENT "Building nexus-compile without sanitizers" VERBATIM)
else()
  add_executable(nexus-compile ${CMAKE_SOURCE_DIR}/apps/compile/main.cpp)
  target_link_libraries(nexus-compile PRIVATE nexus_flags nexus_engine)
  set(compile_tool $<TARGET_FILE:nexus-compile>)
endif()
add_custom_command(OUTPUT ${guest_directory}/guest.cwasm
  COMMAND ${compile_tool} ${guest_directory}/guest.wasm ${guest_directory}/guest.cwasm
  DEPENDS ${guest_directory}/guest.wasm ${compile_tool}
  COMMENT "Compiling guest.wasm to machine code" VERBATIM)

set(guest_object ${CMAKE_SOURCE_DIR}/cmake/guest.S)
set_source_files_properties(${guest_object} PROPERTIES OBJECT_DEPENDS ${guest_directory}/guest.cwasm)
add_library(nexus_guest OBJECT ${guest_object})
target_include_directories(nexus_guest PRIVATE ${guest_directory})
