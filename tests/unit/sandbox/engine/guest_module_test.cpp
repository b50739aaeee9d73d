// The reset of an instance relies on this: outside its memory the guest keeps no state between calls. guest.wasm has
// one mutable global, the stack pointer, and no instruction that writes a table.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace nexus::engine {
namespace {

class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}
  bool at_end() const { return at_ >= bytes_.size(); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(bytes_.at(at_++)); }
  std::uint64_t number() {  // also skips signed numbers, which have the same length
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t b = byte();
      if (shift < 64) value |= std::uint64_t{b & 0x7fU} << shift;
      if ((b & 0x80) == 0) return value;
    }
  }
  std::string take(std::size_t n) {
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }
  std::string text() { return take(number()); }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

struct Global {
  bool is_mutable;
  std::string name;
};

struct Findings {
  std::vector<Global> globals;
  std::vector<std::string> exported_tables;
  std::size_t imported_tables = 0;
  std::size_t imported_globals = 0;
  std::vector<std::string> table_writes;
  std::size_t functions = 0;
  std::size_t instructions = 0;
};

void read_imports(Reader& r, Findings& found) {
  for (auto n = r.number(); n > 0; --n) {
    r.text();
    r.text();
    switch (r.byte()) {
      case 0:
        r.number();
        break;
      case 1:
        ++found.imported_tables;
        r.byte();
        if (r.number() & 1) r.number();
        r.number();
        break;
      case 3:
        ++found.imported_globals;
        r.take(2);
        break;
      default:
        FAIL() << "an import that this test does not know";
    }
  }
}

void read_globals(Reader& r, Findings& found) {
  for (auto n = r.number(); n > 0; --n) {
    r.byte();
    found.globals.push_back({r.byte() == 1, ""});
    const std::uint8_t constant = r.byte();
    ASSERT_TRUE(constant == 0x41 || constant == 0x42);
    r.number();
    ASSERT_EQ(r.byte(), 0x0b);
  }
}

void read_exports(Reader& r, Findings& found) {
  for (auto n = r.number(); n > 0; --n) {
    const std::string name = r.text();
    const std::uint8_t kind = r.byte();
    const std::uint64_t index = r.number();
    if (kind == 1) found.exported_tables.push_back(name);
    if (kind == 3) found.globals.at(index).name = name;
  }
}

// The prefix 0xfc: saturating conversions, bulk memory, tables.
void read_extended(Reader& r, Findings& found) {
  const auto code = r.number();
  if (code <= 7) return;
  switch (code) {
    case 8:   // memory.init
    case 10:  // memory.copy
      r.take(code == 8 ? 0 : 2);
      if (code == 8) r.number(), r.byte();
      break;
    case 9:   // data.drop
    case 13:  // elem.drop
    case 16:  // table.size
      r.number();
      break;
    case 11:  // memory.fill
      r.byte();
      break;
    case 12:  // table.init
    case 14:  // table.copy
      found.table_writes.push_back(code == 12 ? "table.init" : "table.copy");
      r.number();
      r.number();
      break;
    case 15:  // table.grow
    case 17:  // table.fill
      found.table_writes.push_back(code == 15 ? "table.grow" : "table.fill");
      r.number();
      break;
    default:
      FAIL() << "an instruction that this test does not know: 0xfc " << code;
  }
}

void read_instruction(Reader& r, Findings& found) {
  ++found.instructions;
  const std::uint8_t code = r.byte();
  if (code == 0x26) found.table_writes.push_back("table.set");
  if (code == 0xfc) return read_extended(r, found);
  if (code == 0x44) {
    r.take(8);
  } else if (code == 0x43) {
    r.take(4);
  } else if (code == 0x0e) {  // br_table
    for (auto n = r.number() + 1; n > 0; --n)
      r.number();
  } else if (code == 0x11 || (code >= 0x28 && code <= 0x3e)) {  // call_indirect, loads and stores
    r.number();
    r.number();
  } else if ((code >= 0x02 && code <= 0x04) || code == 0x0c || code == 0x0d || code == 0x10 ||
             (code >= 0x20 && code <= 0x26) || (code >= 0x3f && code <= 0x42)) {
    r.number();
  } else if (code == 0x1c) {  // select with types
    for (auto n = r.number(); n > 0; --n)
      r.byte();
  } else {
    const bool is_plain = code <= 0x01 || code == 0x05 || code == 0x0b || code == 0x0f || code == 0x1a ||
                          code == 0x1b || (code >= 0x45 && code <= 0xc4);
    ASSERT_TRUE(is_plain) << "an instruction that this test does not know: " << static_cast<int>(code);
  }
}

void read_code(Reader& r, Findings& found) {
  for (auto n = r.number(); n > 0; --n) {
    Reader body(r.text());
    for (auto locals = body.number(); locals > 0; --locals)
      body.number(), body.byte();
    while (!body.at_end() && !::testing::Test::HasFatalFailure())
      read_instruction(body, found);
    ++found.functions;
  }
}

Findings look_at(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  Reader module(std::string(std::istreambuf_iterator<char>(in), {}));
  Findings found;
  EXPECT_EQ(module.take(8), std::string("\0asm\1\0\0\0", 8));
  while (!module.at_end()) {
    const std::uint8_t id = module.byte();
    Reader section(module.text());
    if (id == 2) read_imports(section, found);
    if (id == 6) read_globals(section, found);
    if (id == 7) read_exports(section, found);
    if (id == 10) read_code(section, found);
  }
  return found;
}

TEST(GuestModule, KeepsNothingOutsideItsMemory) {
  const Findings found = look_at(NEXUS_GUEST_WASM);
  std::vector<std::string> mutable_globals;
  for (const Global& global : found.globals) {
    if (global.is_mutable) mutable_globals.push_back(global.name);
  }
  EXPECT_EQ(mutable_globals, std::vector<std::string>{"__stack_pointer"});
  EXPECT_EQ(found.imported_globals, 0U);
  EXPECT_EQ(found.imported_tables, 0U);
  EXPECT_EQ(found.exported_tables, std::vector<std::string>{});
  EXPECT_EQ(found.table_writes, std::vector<std::string>{});
  EXPECT_GT(found.functions, 1000U) << "all of the interpreter was looked at";
  EXPECT_GT(found.instructions, 100'000U);
}

}  // namespace
}  // namespace nexus::engine
