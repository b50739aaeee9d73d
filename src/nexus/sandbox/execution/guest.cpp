#include "nexus/sandbox/execution/guest.h"

#include <array>
#include <cstring>

#include "nexus/sandbox/execution/call.h"

extern "C" {
extern const std::byte nexus_guest_cwasm[];
extern const std::uint64_t nexus_guest_cwasm_size;
}

namespace nexus::sandbox {
namespace {

using engine::Value;

constexpr const char* kOutside = "the guest gave a pointer outside its memory";
constexpr std::int32_t kBadFileDescriptor = 8;  // WASI's errno

Call& call_of(engine::Instance& instance) { return *static_cast<Call*>(instance.user()); }

// The guest's bytes at [pointer, pointer + length); nullopt if they are outside its memory.
std::optional<std::span<std::byte>> bytes_at(engine::Instance& instance, Value pointer, Value length) {
  return instance.memory().slice(static_cast<std::uint32_t>(pointer), static_cast<std::uint32_t>(length));
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// call(op, a, a_length, b, b_length, out, capacity) -> i32
const char* host_call(engine::Instance& instance, std::span<Value> v) {
  const auto a = bytes_at(instance, v[1], v[2]);
  const auto b = bytes_at(instance, v[3], v[4]);
  const auto out = bytes_at(instance, v[5], v[6]);
  if (!a || !b || !out) return kOutside;
  const auto reply =
      call_of(instance).handle(static_cast<std::int32_t>(v[0]), text_of(*a), text_of(*b), *out);
  v[0] = reply.value;
  return reply.trap;
}

// take(out, capacity) -> i32
const char* host_take(engine::Instance& instance, std::span<Value> v) {
  const auto out = bytes_at(instance, v[0], v[1]);
  if (!out) return kOutside;
  v[0] = call_of(instance).take(*out);
  return nullptr;
}

// random(out, length)
const char* host_random(engine::Instance& instance, std::span<Value> v) {
  const auto out = bytes_at(instance, v[0], v[1]);
  if (!out) return kOutside;
  call_of(instance).fill_random(*out);
  return nullptr;
}

// clock_time_get(clock, precision, out) -> errno; nanoseconds in steps of 1 ms
const char* wasi_clock(engine::Instance& instance, std::span<Value> v) {
  const auto out = bytes_at(instance, v[2], sizeof(std::uint64_t));
  if (!out) return kOutside;
  const Call& call = call_of(instance);
  const std::int64_t nanoseconds = (v[0] == 0 ? call.now_ms() : call.monotonic_ms()) * 1'000'000;
  std::memcpy(out->data(), &nanoseconds, sizeof nanoseconds);
  v[0] = 0;
  return nullptr;
}

// Linked by the C library, but unreachable for handlers: there are no files.
const char* wasi_no_files(engine::Instance&, std::span<Value> v) {
  v[0] = kBadFileDescriptor;
  return nullptr;
}

constexpr std::string_view kWasi = "wasi_snapshot_preview1";
constexpr std::array kImports = {
    engine::Import{"nexus", "call", "iiiiiii", "i", host_call},
    engine::Import{"nexus", "take", "ii", "i", host_take},
    engine::Import{"nexus", "random", "ii", "", host_random},
    engine::Import{kWasi, "clock_time_get", "iIi", "i", wasi_clock},
    engine::Import{kWasi, "fd_close", "i", "i", wasi_no_files},
    engine::Import{kWasi, "fd_fdstat_get", "ii", "i", wasi_no_files},
    engine::Import{kWasi, "fd_seek", "iIii", "i", wasi_no_files},
    engine::Import{kWasi, "fd_write", "iiii", "i", wasi_no_files},
};
constexpr std::array<std::string_view, 6> kExports = {"_initialize", "control", "init",
                                                      "load",        "run",     "resume"};

}  // namespace

std::span<const std::byte> guest_code() { return {nexus_guest_cwasm, nexus_guest_cwasm_size}; }

Result<std::unique_ptr<engine::Program>> load_guest(engine::Engine& engine) {
  return engine::Program::load(engine, guest_code(), kImports, kExports);
}

Result<GuestControl> GuestControl::at(engine::Instance& instance, std::int32_t address) {
  const auto bytes = bytes_at(instance, address, sizeof(control));
  if (!bytes || static_cast<std::uint32_t>(address) % alignof(control) != 0)
    return fail(ErrorCode::kInternalError, "the guest has no control block");
  return GuestControl(reinterpret_cast<control*>(bytes->data()));
}

bool GuestControl::put_input(std::string_view first, std::string_view second) const {
  if (first.size() + second.size() + 2 > INPUT_BYTES) return false;
  char* at = control_->input;
  for (const std::string_view text : {first, second}) {
    if (!text.empty()) std::memcpy(at, text.data(), text.size());  // the data() of an empty view may be null
    at[text.size()] = '\0';
    at += text.size() + 1;
  }
  return true;
}

}  // namespace nexus::sandbox
