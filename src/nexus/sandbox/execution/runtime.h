// What all instances of a process share: the engine, the interpreter's program, its base image, and the clock.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/digest.h"
#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::budget {
class Ledger;
}

namespace nexus::sandbox {

struct RuntimeOptions {
  std::size_t max_memories = 1024 + 64;  // address space is reserved for so many instances
  memory::Tracking tracking = memory::Tracking::kLearnHotPages;
};

// Thread-safe. Must outlive its instances. One per process: it owns the SIGSEGV path.
class Runtime {
 public:
  // Makes the base image: about 5 ms. kInternalError with the engine's text when the embedded interpreter doesn't fit
  // this processor.
  static Result<std::unique_ptr<Runtime>> create(const RuntimeOptions& options, const Clock& clock,
                                                 budget::Ledger& ledger);
  ~Runtime();

  // To be called on each further thread that will use instances, before it does. kInternalError when there is no room for what
  // the engine keeps for a thread; later that would end the process.
  Result<void> prepare_thread();

  // How many instances find out what a call has written by write protection, and how many copy everything, for want of mappings.
  memory::TrackingCounts tracking() const;

  // What runs now yields as if its time were up; a first slice is only shortened.
  void end_slices();

  // The interpreter before any handler is loaded: the base of all images.
  std::shared_ptr<const memory::Image> base_image() const;
  // All that an image depends on beside its handler's source: the engine, the interpreter's code and its base image. Looks
  // at all of the code: 0.3 ms.
  Digest image_origin() const;

  struct Parts;
  Parts& parts() { return *parts_; }  // for sandbox/ alone

  static std::string_view engine_version();       // "wasmtime 48.0.8"
  static std::string_view interpreter_version();  // "quickjs-ng 0.16.2"

 private:
  explicit Runtime(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace nexus::sandbox
