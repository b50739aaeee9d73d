// The principal: the rights of a caller, from its verified token or from the defaults without one.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus {

enum class Scope : std::uint8_t {
  kRead,     // read panels, states, executions, suspensions
  kWrite,    // create, replace and delete panels
  kTrigger,  // start and cancel executions
  kResume,   // settle suspensions
  kAdmin,    // /runtime
};

// The word in a token's `scope`.
std::string_view name(Scope scope);
std::optional<Scope> find_scope(std::string_view word);

class ScopeSet {
 public:
  constexpr ScopeSet() = default;
  constexpr ScopeSet(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes)
      add(scope);
  }
  constexpr void add(Scope scope) { bits_ = static_cast<std::uint8_t>(bits_ | bit(scope)); }
  constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }

 private:
  static constexpr std::uint8_t bit(Scope scope) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
  }
  std::uint8_t bits_ = 0;
};

inline constexpr ScopeSet kAllScopes{Scope::kRead, Scope::kWrite, Scope::kTrigger, Scope::kResume,
                                     Scope::kAdmin};

// Immutable and therefore thread-safe.
class Principal {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  // Grants `scopes` on the panels whose ids match one of the globs, or on all panels without a list, until
  // `expires_ms` (Unix time). In a glob `*` stands for any run of characters, `?` for one character, all others for
  // themselves.
  Principal(ScopeSet scopes, std::optional<std::vector<std::string>> panels, std::int64_t expires_ms);

  // With authentication off: has all rights.
  static const Principal& anyone();
  // Before authentication, or where none is needed: has no rights.
  static const Principal& nobody();

  bool may(Scope scope) const { return scopes_.has(scope); }
  // True if the principal may know of the panel at all; may() says what it may do with it. Takes time proportional to
  // at most the length of the id times the length of the globs.
  bool may_see(std::string_view panel_id) const;
  // True if every panel is visible, future ones included.
  bool may_see_all() const { return !panels_; }
  std::int64_t expires_ms() const { return expires_ms_; }

 private:
  ScopeSet scopes_;
  std::optional<std::vector<std::string>> panels_;  // none: all
  std::int64_t expires_ms_;
};

}  // namespace nexus
