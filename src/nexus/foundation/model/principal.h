// Who is calling, and what he may do: what a verified token has said, or what holds without one.
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
  kRead,     // look at panels, states, executions, suspensions
  kWrite,    // create, replace and delete panels
  kTrigger,  // start executions, and end them
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

// Immutable, so any thread may ask.
class Principal {
 public:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  // A caller with these scopes for the panels whose ids match one of the globs; no list: for all panels. In a glob `*`
  // stands for any run of characters and `?` for one, all else for itself. Until `expires_ms` (Unix time).
  Principal(ScopeSet scopes, std::optional<std::vector<std::string>> panels, std::int64_t expires_ms);

  // Without authentication: may do all.
  static const Principal& anyone();
  // Where none was asked for: may do nothing.
  static const Principal& nobody();

  bool may(Scope scope) const { return scopes_.has(scope); }
  // Whether a panel may be seen or touched at all; what may be done with it is a matter of may(). The time is at most
  // the product of the lengths of the id and of the globs.
  bool may_see(std::string_view panel_id) const;
  // Whether no id is out of reach, those included that are not known yet.
  bool may_see_all() const { return !panels_; }
  std::int64_t expires_ms() const { return expires_ms_; }

 private:
  ScopeSet scopes_;
  std::optional<std::vector<std::string>> panels_;  // none: all
  std::int64_t expires_ms_;
};

}  // namespace nexus
