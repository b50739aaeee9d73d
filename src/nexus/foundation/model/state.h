// The state of a panel as executions see it: JSON texts by key, in order of first appearance. Values are kept as
// text because that is what crosses the border to the guest; nothing here parses them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/result.h"

namespace nexus {

// Not thread-safe: a panel's state belongs to the panel's turn.
class State {
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  struct Value {
    std::string json;
    std::uint64_t order;
  };
  using Values = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

 public:
  // From the text of a JSON object; of a key that is there twice the last value counts. kInvalidRequest when it is
  // anything else.
  static Result<State> parse(std::string_view json_object);

  const std::string* find(std::string_view key) const;  // valid until the next change
  // `json` is one checked JSON value. A key that is there keeps its place; one that was erased comes back at the end.
  void set(std::string_view key, std::string json);
  bool erase(std::string_view key);  // whether it was there

  // Changes in two steps: what needs memory and may throw, and then what cannot.
  class Reservation {
    friend class State;
    Values nodes_;  // for keys that are new
  };
  Reservation reserve(const std::vector<StateMutation>& mutations);
  // Takes the values over. REQUIRES: `reservation` is for these mutations, and nothing has been changed since.
  void apply(std::vector<StateMutation>& mutations, Reservation reservation) noexcept;

  std::vector<std::string_view> keys() const;  // in order; valid until the next change
  // The size of to_json(): braces, quoted and escaped keys, colons, values and commas.
  std::uint64_t bytes() const { return bytes_; }
  // What a member adds to bytes(), its comma included; the first one has none and adds one byte less.
  static std::uint64_t member_bytes(std::string_view key, std::string_view json);
  std::size_t size() const { return values_.size(); }
  std::string to_json() const;

 private:
  std::vector<const Values::value_type*> in_order() const;

  Values values_;
  std::uint64_t next_order_ = 0;
  std::uint64_t bytes_ = 2;  // the braces
};

}  // namespace nexus
