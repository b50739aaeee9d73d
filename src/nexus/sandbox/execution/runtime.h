// The parts that all instances of a process share: the engine, the interpreter's program, its base image, the clock.
#pragma once

#include <cstddef>
#include <functional>
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
  std::function<bool()> ends_slice{};    // see EngineOptions
  std::size_t max_memories = 1024 + 64;  // the number of instances for which address space is reserved
  memory::Tracking tracking = memory::Tracking::kLearnHotPages;
};

// Thread-safe. Must outlive its instances. At most one per process, because it installs the SIGSEGV handler.
class Runtime {
 public:
  // Makes the base image: about 5 ms. kInternalError with the engine's text if the embedded interpreter does not run
  // on this processor.
  static Result<std::unique_ptr<Runtime>> create(const RuntimeOptions& options, const Clock& clock,
                                                 budget::Ledger& ledger);
  ~Runtime();

  // Call it on each further thread before that thread uses instances. kInternalError if there is no memory for the
  // engine's data of a thread; without this call that would end the process.
  Result<void> prepare_thread();

  // The number of instances that track written pages by write protection, and of those that copy everything because
  // mappings ran out.
  memory::TrackingCounts tracking() const;

  // Makes the running guests yield as if their slice were over. A first slice is only shortened.
  void end_slices();

  // The interpreter before a handler is loaded: the base of all images.
  std::shared_ptr<const memory::Image> base_image() const;
  // A digest of everything that an image depends on beside its handler's source: the engine, the interpreter's code
  // and its base image. Reads all of the code: 0.3 ms.
  Digest image_origin() const;

  struct Parts;
  Parts& parts() { return *parts_; }  // for sandbox/ only

  static std::string_view engine_version();       // "wasmtime 48.0.8"
  static std::string_view interpreter_version();  // "quickjs-ng 0.16.2"

 private:
  explicit Runtime(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace nexus::sandbox
