#include "nexus/front/http/etag.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "nexus/foundation/base/text.h"

namespace nexus::http {
namespace {

enum class Weak : bool { kIgnored, kTaken };

// The version of one of our tags: digits in quotes, in our spelling.
std::optional<std::uint64_t> version_of(std::string_view tag) {
  if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) return std::nullopt;
  const char* const first = tag.data() + 1;
  const char* const last = tag.data() + tag.size() - 1;
  std::uint64_t version = 0;
  const auto read = std::from_chars(first, last, version);
  if (read.ec != std::errc{} || read.ptr != last || *first == '0') return std::nullopt;
  return version;
}

// Splitting at commas is safe: our tags have none, and the pieces of a foreign tag are no tags of ours.
VersionSet versions_of(std::string_view header, Weak weak) {
  VersionSet set;
  if (trimmed(header) == "*") {
    set.extent = VersionSet::Extent::kEvery;
    return set;
  }
  while (!header.empty()) {
    std::string_view tag = trimmed(take_until(header, ','));
    if (weak == Weak::kTaken && tag.starts_with("W/")) tag.remove_prefix(2);
    if (const auto version = version_of(tag)) set.versions.push_back(*version);
  }
  return set;
}

}  // namespace

std::string etag_of(std::uint64_t version) { return fmt::format("\"{}\"", version); }

VersionCondition condition_of(const Request& request) {
  VersionCondition condition;
  if (request.if_match) condition.must_be_in = versions_of(*request.if_match, Weak::kIgnored);
  if (request.if_none_match) condition.must_not_be_in = versions_of(*request.if_none_match, Weak::kTaken);
  return condition;
}

bool has_already(const Request& request, std::uint64_t version) {
  return request.if_none_match && versions_of(*request.if_none_match, Weak::kTaken).contains(version);
}

}  // namespace nexus::http
