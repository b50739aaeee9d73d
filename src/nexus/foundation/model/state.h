// The state of a panel: JSON texts by key, in order of first appearance. Values stay text because text is what the
// guest reads and writes; nothing here parses them.
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

// Not thread-safe: only the holder of the panel's turn may use it.
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
  // Parses a JSON object; of duplicate keys the last value counts. kInvalidRequest for any other text.
  static Result<State> parse(std::string_view json_object);

  const std::string* find(std::string_view key) const;  // valid until the next change
  // `json` is one checked JSON value. An existing key keeps its place; an erased key comes back at the end.
  void set(std::string_view key, std::string json);
  bool erase(std::string_view key);  // false if the key was absent
  // Sets and erases in that order. Moves the values out of `mutations`.
  void apply(std::vector<StateMutation>& mutations);

  std::vector<std::string_view> keys() const;  // in order; valid until the next change
  // The size of to_json(): braces, quoted and escaped keys, colons, values and commas.
  std::uint64_t bytes() const { return bytes_; }
  // The bytes that a member adds to bytes(), comma included; the first member has no comma and adds one byte less.
  static std::uint64_t member_bytes(std::string_view key, std::string_view json);
  std::size_t size() const { return values_.size(); }
  std::string to_json() const;

 private:
  std::vector<const Values::value_type*> in_order() const;

  Values values_;
  std::uint64_t next_order_ = 0;
  std::uint64_t bytes_ = 2;  // the braces of an empty object
};

}  // namespace nexus
