// Build tool: nexus-compile IN.wasm OUT.cwasm. Compiles the interpreter ahead of time with the engine's own
// configuration, so that the program need not compile it at start and can load the result.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "nexus/sandbox/engine/engine.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: nexus-compile IN.wasm OUT.cwasm\n", stderr);
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  const std::string wasm((std::istreambuf_iterator<char>(in)), {});
  const auto code = nexus::engine::compile(std::as_bytes(std::span(wasm)));
  if (!in || !code) {
    std::fprintf(stderr, "nexus-compile: %s: %s\n", argv[1],
                 in ? code.error().message.c_str() : "cannot be read");
    return 1;
  }
  std::ofstream out(argv[2], std::ios::binary);
  out.write(reinterpret_cast<const char*>(code->data()), static_cast<std::streamsize>(code->size()));
  out.close();
  if (!out) {
    std::fprintf(stderr, "nexus-compile: %s: cannot be written\n", argv[2]);
    return 1;
  }
}
