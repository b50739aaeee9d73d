#include "nexus/foundation/model/principal.h"

#include <algorithm>
#include <array>

#include "nexus/foundation/base/glob.h"

namespace nexus {
namespace {

constexpr std::array<std::string_view, 5> kScopeNames = {"read", "write", "trigger", "resume", "admin"};

bool matches_all(std::string_view glob) {
  return !glob.empty() && glob.find_first_not_of('*') == std::string_view::npos;
}

}  // namespace

std::string_view name(Scope scope) { return kScopeNames[static_cast<std::size_t>(scope)]; }

std::optional<Scope> find_scope(std::string_view word) {
  const auto found = std::ranges::find(kScopeNames, word);
  if (found == kScopeNames.end()) return std::nullopt;
  return static_cast<Scope>(found - kScopeNames.begin());
}

Principal::Principal(ScopeSet scopes, std::optional<std::vector<std::string>> panels, std::int64_t expires_ms)
    : scopes_(scopes), panels_(std::move(panels)), expires_ms_(expires_ms) {
  if (panels_ && std::ranges::any_of(*panels_, matches_all)) panels_.reset();
}

const Principal& Principal::anyone() {
  static const Principal principal(kAllScopes, std::nullopt, kNever);
  return principal;
}

const Principal& Principal::nobody() {
  static const Principal principal({}, std::vector<std::string>{}, kNever);
  return principal;
}

bool Principal::may_see(std::string_view panel_id) const {
  if (!panels_) return true;
  return std::ranges::any_of(*panels_, [panel_id](const std::string& glob) {
    return matches_glob(glob, panel_id, GlobSigns::kStarAndAnyOne);
  });
}

}  // namespace nexus
