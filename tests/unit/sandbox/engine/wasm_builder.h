// Builds WebAssembly modules for tests that need a guest of a few instructions. Instructions are bytes; those that
// the tests use have names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::engine {

using Code = std::vector<std::uint8_t>;

inline Code operator+(Code a, const Code& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

inline Code leb(std::int64_t value) {  // signed; small non-negative numbers have the same unsigned form
  Code bytes;
  for (;;) {
    const auto low = static_cast<std::uint8_t>(value & 0x7f);
    value >>= 7;
    if ((value == 0 && (low & 0x40) == 0) || (value == -1 && (low & 0x40) != 0)) {
      bytes.push_back(low);
      return bytes;
    }
    bytes.push_back(low | 0x80);
  }
}

inline Code uleb(std::uint64_t value) {
  Code bytes;
  do {
    bytes.push_back(static_cast<std::uint8_t>((value & 0x7f) | (value > 0x7f ? 0x80 : 0)));
    value >>= 7;
  } while (value != 0);
  return bytes;
}

namespace op {
inline Code i32(std::int32_t value) { return Code{0x41} + leb(value); }
inline Code i64(std::int64_t value) { return Code{0x42} + leb(value); }
inline Code call(std::uint32_t function) { return Code{0x10} + uleb(function); }
inline Code load_i32() { return {0x28, 2, 0}; }
inline Code store_i32() { return {0x36, 2, 0}; }
inline Code add() { return {0x6a}; }
inline Code drop() { return {0x1a}; }
inline Code wrap_i64() { return {0xa7}; }
inline Code unreachable() { return {0x00}; }
inline Code memory_size() { return {0x3f, 0}; }
inline Code memory_grow() { return {0x40, 0}; }
inline Code loop_forever() { return {0x03, 0x40, 0x0c, 0, 0x0b}; }
inline Code set_stack_pointer(std::int32_t value) { return i32(value) + Code{0x24, 0}; }
inline Code divide() { return {0x6d}; }
}  // namespace op

// A module with one memory and one mutable global, exported like the guest's, and functions without parameters.
class WasmBuilder {
 public:
  std::string memory_name = "memory";
  std::string stack_pointer_name = "__stack_pointer";
  std::uint32_t memory_pages = 1;

  // Types are spelled as in Import; returns the function's index. All imports come before the first function.
  std::uint32_t import(std::string_view module, std::string_view name, std::string_view parameters,
                       std::string_view results) {
    imports_.push_back(text(module) + text(name) + Code{0} + uleb(type(parameters, results)));
    return static_cast<std::uint32_t>(imports_.size() - 1);
  }
  std::uint32_t function(std::string_view name, std::string_view results, const Code& body) {
    const auto index = static_cast<std::uint32_t>(imports_.size() + functions_.size());
    functions_.push_back(uleb(type("", results)));
    const Code whole = Code{0} + body + Code{0x0b};  // no locals
    bodies_.push_back(uleb(whole.size()) + whole);
    exports_.push_back(text(name) + Code{0} + uleb(index));
    return index;
  }

  std::vector<std::byte> bytes() const {
    std::vector<Code> exports = exports_;
    exports.push_back(text(memory_name) + Code{2, 0});
    exports.push_back(text(stack_pointer_name) + Code{3, 0});
    const Code module = Code{0, 'a', 's', 'm', 1, 0, 0, 0} + section(1, types_) + section(2, imports_) +
                        section(3, functions_) + section(5, {Code{0} + uleb(memory_pages)}) +
                        section(6, {Code{0x7f, 1} + op::i32(1024) + Code{0x0b}}) + section(7, exports) +
                        section(10, bodies_);
    std::vector<std::byte> bytes;
    for (const std::uint8_t byte : module)
      bytes.push_back(std::byte{byte});
    return bytes;
  }

 private:
  static Code text(std::string_view s) { return uleb(s.size()) + Code(s.begin(), s.end()); }
  static Code section(std::uint8_t id, const std::vector<Code>& items) {
    Code content = uleb(items.size());
    for (const Code& item : items)
      content = content + item;
    return Code{id} + uleb(content.size()) + content;
  }
  std::uint32_t type(std::string_view parameters, std::string_view results) {
    Code made = {0x60};
    for (const std::string_view letters : {parameters, results}) {
      made = made + uleb(letters.size());
      for (const char letter : letters)
        made.push_back(letter == 'I' ? 0x7e : 0x7f);
    }
    types_.push_back(made);
    return static_cast<std::uint32_t>(types_.size() - 1);
  }

  std::vector<Code> types_, imports_, functions_, bodies_, exports_;
};

}  // namespace nexus::engine
