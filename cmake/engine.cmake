# What is Rust, Wasmtime, the checking of JSON Schema and the reading of cron expressions: one static library made by Cargo outside the tree, found or
# built by scripts/build-engine.
execute_process(COMMAND ${CMAKE_SOURCE_DIR}/scripts/build-engine
  OUTPUT_VARIABLE engine_directory OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE engine_sources CONFIGURE_DEPENDS
  ${CMAKE_SOURCE_DIR}/engine/src/*.rs ${CMAKE_SOURCE_DIR}/engine/cron/src/*.rs ${CMAKE_SOURCE_DIR}/engine/schema/src/*.rs)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${engine_sources}
  engine/Cargo.toml engine/cron/Cargo.toml engine/schema/Cargo.toml engine/Cargo.lock engine/build.rs rust-toolchain.toml scripts/build-engine)

add_library(nexus_rust STATIC IMPORTED GLOBAL)
set_target_properties(nexus_rust PROPERTIES
  IMPORTED_LOCATION ${engine_directory}/libnexus_engine.a
  INTERFACE_LINK_LIBRARIES "nexus_base;Threads::Threads;m;dl")  # nexus_base: the reserve of its allocator
add_library(nexus_wasmtime INTERFACE)
target_include_directories(nexus_wasmtime SYSTEM INTERFACE ${engine_directory}/include)
target_link_libraries(nexus_wasmtime INTERFACE nexus_rust)
