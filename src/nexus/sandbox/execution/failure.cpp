#include "nexus/sandbox/execution/failure.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "nexus/foundation/base/units.h"

namespace nexus::sandbox {
namespace {

constexpr std::string_view kFile = "handler.js:";
constexpr std::size_t kSnippetBytes = 160;

std::string_view line_of(std::string_view source, int line) {
  for (; line > 1; --line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (source.ends_with('\r')) source.remove_suffix(1);
  return source;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// The part of a long line around the column, cut at character boundaries.
std::string snippet_of(std::string_view line, int column) {
  if (line.size() <= kSnippetBytes) return std::string(line);
  std::size_t from = 0;
  if (static_cast<std::size_t>(column) > kSnippetBytes / 2) {
    from = std::min(static_cast<std::size_t>(column) - kSnippetBytes / 2, line.size() - kSnippetBytes);
  }
  while (from < line.size() && continues_character(line[from]))
    ++from;
  std::size_t to = std::min(from + kSnippetBytes, line.size());
  while (to > from && to < line.size() && continues_character(line[to]))
    --to;
  return std::string(line.substr(from, to - from));
}

// Columns in UTF-16 units, as editors count them; the interpreter counts bytes.
int column_of(std::string_view line, int bytes) {
  int column = 1;
  for (const char c : line.substr(0, static_cast<std::size_t>(bytes - 1))) {
    if (!continues_character(c)) column += static_cast<unsigned char>(c) >= 0xf0 ? 2 : 1;
  }
  return column;
}

int lines_of(std::string_view source) { return 1 + static_cast<int>(std::ranges::count(source, '\n')); }

// "LINE:COLUMN" at the start of `text` as the interpreter writes it. Untrusted: handlers can write stacks.
struct RawPlace {
  int line = 0;
  int column = 0;
  std::size_t length = 0;  // of the text
};
std::optional<RawPlace> read_place(std::string_view text) {
  RawPlace place;
  const char* end = text.data() + text.size();
  auto parsed = std::from_chars(text.data(), end, place.line);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ':') return std::nullopt;
  parsed = std::from_chars(parsed.ptr + 1, end, place.column);
  if (parsed.ec != std::errc()) return std::nullopt;
  place.length = static_cast<std::size_t>(parsed.ptr - text.data());
  return place;
}

// The place in the author's source. Line 0 is the line that the loader puts before the source; an error at the end of
// the source is reported on the line behind it.
SourceLocation place_in(std::string_view source, RawPlace raw) {
  const int lines = lines_of(source);
  const bool is_behind = raw.line > lines;
  const int line = std::clamp(raw.line, 1, lines);
  const std::string_view text = line_of(source, line);
  const int end = static_cast<int>(text.size()) + 1;
  const int bytes = is_behind ? end : raw.line < 1 ? 1 : std::clamp(raw.column, 1, end);
  return {line, column_of(text, bytes), snippet_of(text, bytes)};
}

// Removes our own frames, and maps places to the author's source.
std::string authors_stack(std::string_view stack, std::string_view source) {
  std::string kept;
  while (!stack.empty()) {
    const std::size_t end = std::min(stack.find('\n'), stack.size() - 1) + 1;
    const std::string_view frame = stack.substr(0, end);
    stack.remove_prefix(end);
    if (frame.find("<nexus>") != std::string_view::npos) continue;
    const std::size_t file = frame.find(kFile);
    const auto raw =
        file == std::string_view::npos ? std::nullopt : read_place(frame.substr(file + kFile.size()));
    if (!raw) {
      kept += frame;
      continue;
    }
    const SourceLocation place = place_in(source, *raw);
    kept += frame.substr(0, file + kFile.size());
    kept += fmt::format("{}:{}", place.line, place.column);
    kept += frame.substr(file + kFile.size() + raw->length);
  }
  return kept;
}

// At the end of the source, the parser names a token of the loader's text behind it, or an empty one.
bool is_at_the_end(const Failure& failure, std::string_view source) {
  const std::size_t file = failure.stack.find(kFile);
  if (file == std::string::npos) return false;
  const auto raw = read_place(std::string_view(failure.stack).substr(file + kFile.size()));
  return (raw && raw->line > lines_of(source)) || failure.message.ends_with("''");
}

// An export of an undefined variable has no place: look for its name in the source.
std::optional<SourceLocation> locate_export(std::string_view message, std::string_view source) {
  constexpr std::string_view kStart = "exported variable '";
  const std::size_t at = message.find(kStart);
  if (at == std::string_view::npos) return std::nullopt;
  message.remove_prefix(at + kStart.size());
  const std::size_t found = source.find(message.substr(0, message.find('\'')), source.find("export"));
  if (found == std::string_view::npos) return std::nullopt;
  const std::string_view before = source.substr(0, found);
  return place_in(source, {lines_of(before), static_cast<int>(found - (before.rfind('\n') + 1)) + 1});
}

// A refused import() has no place: look for the specifier in the source.
std::optional<SourceLocation> locate_import(std::string_view message, std::string_view source) {
  constexpr std::string_view kStart = "import of '";
  const std::size_t at = message.find(kStart);
  if (at == std::string_view::npos) return std::nullopt;
  message.remove_prefix(at + kStart.size());
  const std::string_view name = message.substr(0, message.find("': there are no modules"));
  for (const char quote : {'\'', '"'}) {
    const std::size_t found = source.find(fmt::format("{}{}{}", quote, name, quote));
    if (found == std::string_view::npos) continue;
    const std::string_view before = source.substr(0, found);
    return place_in(
        source, {lines_of(before), static_cast<int>(found - (before.rfind('\n') + 1)) + 1});  // npos + 1 is 0
  }
  return std::nullopt;
}

double mib(std::uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(1_MiB); }

Error memory_error(const FailureContext& c) {
  Error error{.code = ErrorCode::kMemoryLimit, .message = {}};
  const std::uint64_t used = std::min<std::uint64_t>(c.limits.memory_limit_bytes,
                                                     std::uint64_t{c.guest.static_bytes} + c.guest.peak);
  const std::uint64_t wanted = used + c.guest.failed_bytes;
  // The allocator's own bound is the handler's limit; a refused growth may have another cause.
  const bool other_layer =
      c.guest.failed_cause == CAUSE_REFUSED && c.growth_refusal && c.growth_refusal->layer != "handler";
  if (other_layer) {
    error.limit = *c.growth_refusal;
    error.message =
        fmt::format("the server has no more memory to give: {} refused at {} bytes ({} asked for)",
                    error.limit->setting, error.limit->limit, error.limit->wanted);
  } else {
    error.limit = LimitReached{"handler", "memoryLimitBytes", c.limits.memory_limit_bytes, wanted};
    error.message =
        fmt::format("memory limit of {:.4g} MiB reached: {:.4g} MiB in use at most, {} bytes more asked for",
                    mib(c.limits.memory_limit_bytes), mib(used), c.guest.failed_bytes);
  }
  return error;
}

// Adds the parts that all errors share: text, stack and place.
void add_place(Error& error, const FailureContext& c) {
  if (!c.call.failure()) return;
  const Failure& failure = *c.call.failure();
  error.stack = authors_stack(failure.stack, c.source);
  error.location = locate(failure.stack, c.source);
  if (!error.location) error.location = locate_import(failure.message, c.source);
  if (!error.location) error.location = locate_export(failure.message, c.source);
}

Error common_error(const FailureContext& c, ErrorCode otherwise) {
  const Failure none;
  const Failure& failure = c.call.failure() ? *c.call.failure() : none;
  Error error{.code = otherwise, .message = failure.message};
  if (c.guest.failure == FAILURE_MEMORY) error = memory_error(c);
  add_place(error, c);
  return error;
}

}  // namespace

std::optional<SourceLocation> locate(std::string_view stack, std::string_view source) {
  const std::size_t at = stack.find(kFile);
  if (at == std::string_view::npos) return std::nullopt;
  const auto raw = read_place(stack.substr(at + kFile.size()));
  return raw ? std::optional(place_in(source, *raw)) : std::nullopt;
}

Error error_of_execution(const FailureContext& c) {
  Error error = common_error(c, ErrorCode::kExecutionError);
  const bool refused = c.guest.failure == FAILURE_PERMISSION || c.guest.failure == FAILURE_LIMIT;
  if (refused && c.call.refusal()) {
    error.code = c.call.refusal()->code;
    error.limit = c.call.refusal()->limit;
  }
  if (c.guest.failure == FAILURE_EXPIRED) error.code = ErrorCode::kSuspensionExpired;
  return error;
}

Error error_of_load(const FailureContext& c) {
  const bool is_syntax = c.guest.failure == FAILURE_SYNTAX;
  Error error = common_error(c, is_syntax ? ErrorCode::kCompilationError : ErrorCode::kInvalidHandler);
  if (is_syntax && c.call.failure() && is_at_the_end(*c.call.failure(), c.source)) {
    error.message = "SyntaxError: unexpected end of the source";
  }
  return error;
}

}  // namespace nexus::sandbox
