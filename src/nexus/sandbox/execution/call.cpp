#include "nexus/sandbox/execution/call.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "guest/border.h"
#include "nexus/foundation/base/random.h"
#include "nexus/foundation/json/json.h"
#include "nexus/sandbox/execution/extension_table.h"

namespace nexus::sandbox {
namespace {

constexpr const char* kForgedText = "the guest sent something that cannot be";
constexpr std::size_t kMaxMessageBytes = 4_KiB;
constexpr std::size_t kMaxStackBytes = 16_KiB;

// The clock during a load, equal on every machine: 2020-01-01T00:00:00Z.
constexpr std::int64_t kLoadTimeMs = 1577836800000;

// Names are kept as valid UTF-8. A lone surrogate, which the interpreter writes as ED A0..BF xx, becomes U+FFFD, as
// in JSON texts.
constexpr char kSurrogateLead = '\xed';

std::string without_surrogates(std::string_view name) {
  std::string text(name);
  for (std::size_t i = text.find(kSurrogateLead); i != std::string::npos;
       i = text.find(kSurrogateLead, i + 1)) {
    if (i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xa0)
      text.replace(i, 3, "\xef\xbf\xbd");
  }
  return text;
}

}  // namespace

Call::Call(Purpose purpose, const ExecutionRequest& request, const Clock& clock, budget::Ledger& ledger)
    : purpose_(purpose), request_(request), clock_(clock), started_ms_(clock.unix_ms()) {
  result_.held = ledger.open(budget::Kind::kBuffers);
}

Call::Call(const ExecutionRequest& request, const Clock& clock, Carried carried)
    : purpose_(Purpose::kExecution),
      request_(request),
      clock_(clock),
      started_ms_(carried.started_unix_ms),
      mutations_(carried.mutations),
      journal_bytes_(carried.journal_bytes),
      log_bytes_(carried.log_bytes),
      copied_bytes_(carried.copied_bytes),
      next_call_(carried.next_call),
      unsettled_calls_(carried.unsettled_calls) {
  result_.earlier = std::move(carried.journal);
  result_.logs = std::move(carried.logs);
  result_.log_lines_dropped = carried.log_lines_dropped;
  result_.metrics.host_calls = carried.host_calls;
  result_.held = std::move(carried.held);
}

// ---- replies ----

Call::Reply Call::give(std::string text, std::span<std::byte> out) {
  const auto length = static_cast<std::int32_t>(text.size());
  if (text.size() <= out.size()) {
    text.copy(reinterpret_cast<char*>(out.data()), text.size());
  } else {
    waiting_ = std::move(text);
  }
  return {length};
}

std::int32_t Call::take(std::span<std::byte> out) {
  std::string_view text = waiting_;
  if (waiting_.empty() && later_taken_ < later_.size()) text = later_[later_taken_++];
  const std::size_t length = std::min(text.size(), out.size());
  text.copy(reinterpret_cast<char*>(out.data()), length);
  waiting_.clear();
  return static_cast<std::int32_t>(length);
}

void Call::give_later(std::string_view text) { later_.push_back(text); }

Call::Reply Call::refuse(Kind kind, Error error) {
  waiting_ = static_cast<char>(kind) + error.message;
  refusal_ = std::move(error);
  return {HOST_REFUSED};
}

Call::Reply Call::refuse_permission(Permission permission, std::string_view name) {
  return refuse(Kind::kPermission, {.code = ErrorCode::kPermissionDenied,
                                    .message = fmt::format("this handler has no capability for {}",
                                                           describe(permission, name))});
}

Call::Reply Call::refuse_limit(std::string_view setting, std::uint64_t limit, std::uint64_t wanted,
                               std::string_view what) {
  Error error{.code = ErrorCode::kResourceLimit,
              .message = fmt::format("{}: {} is {}, {} asked for", what, setting, limit, wanted)};
  error.limit = LimitReached{"handler", std::string(setting), limit, wanted};
  return refuse(Kind::kLimit, std::move(error));
}

// Charges 2×: RESULT repeats every copied text. The first 4 KiB are covered by the charge of each connection.
std::optional<Call::Reply> Call::charge_copy(std::uint64_t bytes) {
  constexpr std::uint64_t kFree = 4_KiB, kStep = 64_KiB;
  copied_bytes_ += bytes;
  const std::uint64_t needed = 2 * copied_bytes_;
  if (needed <= kFree || needed <= result_.held.bytes()) return std::nullopt;
  auto granted = result_.held.grow_to((needed + kStep - 1) / kStep * kStep);
  if (granted) return std::nullopt;
  copied_bytes_ -= bytes;
  Error& refused = granted.error();
  return refuse(Kind::kLimit, {.code = ErrorCode::kMemoryLimit,
                               .message = "the server has " + refused.message,
                               .limit = std::move(refused.limit)});
}

std::optional<Call::Reply> Call::check_guest_json(std::string& text, std::string_view what) {
  switch (repair_and_check_json(text)) {
    case JsonError::kMalformed:
      return Reply{.trap = kForgedJson};
    case JsonError::kTooDeep:
      return refuse_limit("JSON depth", kMaxJsonDepth, kMaxJsonDepth + 1,
                          fmt::format("{} is nested too deeply", what));
    case JsonError::kNone:
      break;
  }
  return std::nullopt;
}

bool Call::allows(Permission permission, std::string_view name) const {
  return request_.capabilities != nullptr && request_.capabilities->allows(permission, name);
}

std::optional<Call::Reply> Call::count_host_call(std::uint64_t& counter) {
  const std::uint64_t calls = result_.metrics.host_calls.total();
  if (calls >= request_.limits.max_host_calls) {
    return refuse_limit("maxHostCalls", request_.limits.max_host_calls, calls + 1, "too many host calls");
  }
  ++counter;
  return std::nullopt;
}

// ---- the border ----

Call::Reply Call::handle(std::int32_t op, std::string_view a, std::string_view b, std::span<std::byte> out) {
  auto& calls = result_.metrics.host_calls;
  switch (op) {
    case OP_RESULT:
      return finish(a);
    case OP_FAIL:
      failure_ =
          Failure{std::string(a.substr(0, kMaxMessageBytes)), std::string(b.substr(0, kMaxStackBytes))};
      return {};
    case OP_LOG:
      if (auto refused = count_host_call(calls.log)) return *refused;
      return log(a, b);
    default:
      break;
  }
  if (purpose_ == Purpose::kLoad) return {.trap = kForgedText};  // a load has no execution
  std::string repaired;
  if (a.find(kSurrogateLead) != std::string_view::npos) a = repaired = without_surrogates(a);
  std::uint64_t* counter = nullptr;
  switch (op) {
    case OP_STATE_GET_VISIBLE:
    case OP_STATE_GET:
    case OP_STATE_HAS:
      counter = &calls.state_get;
      break;
    case OP_STATE_KEYS:
      counter = &calls.state_keys;
      break;
    case OP_STATE_SET:
      counter = &calls.state_set;
      break;
    case OP_STATE_DELETE:
      counter = &calls.state_delete;
      break;
    case OP_EMIT:
      counter = &calls.emit;
      break;
    case OP_VIEW:
      counter = &calls.view;
      break;
    case OP_EXT_CALL:
      counter = &calls.extension;
      break;
    case OP_EXT_METHODS:
    case OP_STATE_TOUCH:
    case OP_STATE_FLUSH:
      break;
    default:
      return {.trap = kForgedText};
  }
  if (counter != nullptr) {
    if (auto refused = count_host_call(*counter)) return *refused;
  }
  switch (op) {
    case OP_STATE_GET:
      if (!allows(Permission::kStateRead, a)) return refuse_permission(Permission::kStateRead, a);
      return state_get(a, out);
    case OP_STATE_GET_VISIBLE:
      return allows(Permission::kStateRead, a) ? state_get(a, out) : Reply{HOST_ABSENT};
    case OP_STATE_HAS:
      return {allows(Permission::kStateRead, a) && current(a) != nullptr};
    case OP_STATE_KEYS:
      return state_keys(out);
    case OP_EMIT:
      return emit(a, b);
    case OP_VIEW:
      return view(a, b);
    case OP_EXT_METHODS:
      return extension_methods(a, out);
    case OP_EXT_CALL:
      return extension_call(a, b);
    default:
      return state_change(op, a, b);
  }
}

Call::Reply Call::log(std::string_view text, std::string_view level) {
  if (level.size() != 1 || level[0] < '0' || level[0] > '3') return {.trap = kForgedText};
  const std::uint64_t room = request_.limits.max_log_bytes - log_bytes_;
  if (text.size() > room) {
    ++result_.log_lines_dropped;
  } else {
    if (auto refused = charge_copy(text.size())) return *refused;
    log_bytes_ += text.size();
    result_.logs.push_back({static_cast<LogLevel>(level[0] - '0'), std::string(text)});
  }
  return {};
}

Call::Reply Call::finish(std::string_view json) {
  if (json.size() > request_.limits.max_result_bytes) {
    return refuse_limit("maxResultBytes", request_.limits.max_result_bytes, json.size(),
                        "the result is too large");
  }
  if (auto refused = charge_copy(json.size())) return *refused;
  std::string text(json);
  if (!text.empty()) {
    if (auto bad = check_guest_json(text, "the result")) return *bad;
  }
  result_.return_json = std::move(text);
  has_result_ = true;
  return {};
}

void Call::commit() { result_.journal = std::move(journal_); }

// ---- extensions ----

Call::Reply Call::extension_methods(std::string_view name, std::span<std::byte> out) {
  static const ExtensionTable kNone;
  const ExtensionTable& table = request_.extensions != nullptr ? *request_.extensions : kNone;
  if (name.empty()) return give(table.names_json(), out);
  std::string methods = table.methods_json(name);
  return methods.empty() ? Reply{HOST_ABSENT} : give(std::move(methods), out);
}

Call::Reply Call::extension_call(std::string_view name, std::string_view args) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return {.trap = kForgedText};
  const std::string_view extension = name.substr(0, dot), method = name.substr(dot + 1);
  if (!allows(Permission::kExtension, extension)) return refuse_permission(Permission::kExtension, extension);
  // The handler may resume in another process without this extension.
  if (request_.extensions == nullptr || request_.extensions->find(extension, method).empty()) {
    return refuse(Kind::kNoExtension, {.code = ErrorCode::kExecutionError,
                                       .message = fmt::format("no such extension: {}", name)});
  }
  if (auto refused = charge_copy(args.size())) return *refused;
  std::string json(args);
  if (auto bad = check_guest_json(json, "the arguments")) return *bad;
  if (!json.starts_with('[')) return {.trap = kForgedJson};
  calls_.push_back({next_call_, std::string(extension), std::string(method), std::move(json)});
  ++unsettled_calls_;
  return {static_cast<std::int32_t>(next_call_++)};
}

Journal Call::end_segment() {
  Journal segment = std::move(journal_);
  journal_ = {};
  append(result_.earlier, segment);
  return segment;
}

Carried Call::carry() {
  return {.journal = std::move(result_.earlier),
          .logs = std::move(result_.logs),
          .log_lines_dropped = result_.log_lines_dropped,
          .host_calls = result_.metrics.host_calls,
          .mutations = mutations_,
          .journal_bytes = journal_bytes_,
          .log_bytes = log_bytes_,
          .copied_bytes = copied_bytes_,
          .started_unix_ms = started_ms_,
          .next_call = next_call_,
          .unsettled_calls = unsettled_calls_,
          .held = std::move(result_.held)};
}

// ---- time and randomness ----

std::int64_t Call::now_ms() const { return purpose_ == Purpose::kLoad ? kLoadTimeMs : clock_.unix_ms(); }

std::int64_t Call::monotonic_ms() const {
  return purpose_ == Purpose::kLoad ? 0 : std::max<std::int64_t>(0, clock_.unix_ms() - started_ms_);
}

void Call::fill_random(std::span<std::byte> out) const {
  if (purpose_ == Purpose::kLoad) {
    std::ranges::fill(out, std::byte{0x5a});
    return;
  }
  for (std::size_t at = 0; at < out.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random_u64();
    std::memcpy(out.data() + at, &word, std::min(sizeof word, out.size() - at));
  }
}

}  // namespace nexus::sandbox
