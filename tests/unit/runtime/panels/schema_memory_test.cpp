// Counts the heap bytes of checking arguments: the charge must not be less.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>

#include "nexus/foundation/json/json.h"
#include "nexus/runtime/panels/args_schema.h"
#include "support/steps.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

thread_local std::int64_t held_bytes = 0, most_bytes = 0;

void* counted(void* made) {
  if (made == nullptr) return made;
  held_bytes += static_cast<std::int64_t>(malloc_usable_size(made));
  most_bytes = std::max(most_bytes, held_bytes);
  return made;
}
void uncount(void* gone) {
  if (gone != nullptr) held_bytes -= static_cast<std::int64_t>(malloc_usable_size(gone));
}

}  // namespace

// Replaces malloc for the whole program, so that it also counts Rust's allocations.
extern "C" {
void* malloc(std::size_t bytes) noexcept { return counted(__libc_malloc(bytes)); }
void* calloc(std::size_t count, std::size_t bytes) noexcept { return counted(__libc_calloc(count, bytes)); }
void* realloc(void* old, std::size_t bytes) noexcept {
  const std::int64_t before = old != nullptr ? static_cast<std::int64_t>(malloc_usable_size(old)) : 0;
  void* made = __libc_realloc(old, bytes);
  if (made == nullptr) return made;
  counted(made);  // for a moment both may exist
  held_bytes -= before;
  return made;
}
int posix_memalign(void** made, std::size_t alignment, std::size_t bytes) noexcept {
  *made = counted(__libc_memalign(alignment, bytes));
  return *made != nullptr ? 0 : 12;
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(__libc_memalign(alignment, bytes));
}
void free(void* gone) noexcept {
  uncount(gone);
  __libc_free(gone);
}
}

namespace nexus::panels {
namespace {

std::string repeated(std::string_view begin, std::string_view one, std::string_view end, std::size_t bytes) {
  std::string text(begin);
  for (int n = 0; text.size() + one.size() + end.size() <= bytes; ++n)
    text += fmt::format(fmt::runtime(one), n);
  return text + std::string(end);
}

std::size_t values_of(const std::string& args) {
  std::size_t values = 0;
  EXPECT_EQ(check_json(args, &values), JsonError::kNone) << args.substr(0, 30);
  return values;
}

// The most bytes in use during a check.
std::int64_t most_while_checking(const ArgsSchema& schema, const std::string& args) {
  Validator validator;
  const std::int64_t before = most_bytes = held_bytes;
  schema.check(args, validator);
  return most_bytes - before;
}

TEST(SchemaMemory, ChecksTakeNoMoreThanTheirCharge) {
  const std::vector<std::string> schemas = {
      R"({"type":"object"})",
      R"({"properties":{"a":{"uniqueItems":true}}})",
      R"({"properties":{"a":{"items":{"uniqueItems":true,"enum":[[1],{"a":2}]}}},"additionalProperties":false})",
      R"({"propertyNames":{"maxLength":2},"unevaluatedProperties":{"type":"number"}})",
      R"({"properties":{"a":{"contains":{"const":1},"unevaluatedItems":false}}})",
  };
  double nearest = 0;
  for (const std::string& text : schemas) {
    Validator validator;
    const auto schema = ArgsSchema::compile(text, "args", validator);
    ASSERT_TRUE(schema);
    for (const std::size_t bytes : {200, 5'000, 40'000, 300'000, 1'000'000}) {
      for (const std::string& args : {
               repeated(R"({"a":[0)", ",0", "]}", bytes),
               repeated(R"({"a":[[])", ",[]", "]}", bytes),
               repeated(R"({"a":[[0])", ",[0]", "]}", bytes),
               repeated(R"({"a":[{})", ",{{}}", "]}", bytes),
               repeated(R"({"a":[{"":0})", R"(,{{"":0}})", "]}", bytes),
               repeated(R"({"":0)", R"(,"":0)", "}", bytes),
               repeated(R"({"":0)", R"(,"{}":0)", "}", bytes),
               repeated(R"({"a":["")", R"(,"")", "]}", bytes),
               repeated(R"({"a":[0)", R"(,"\n")", "]}", bytes),
               repeated(R"({"a":")", R"(\n)", R"("})", bytes),
               repeated(R"({"a":")", "x", R"("})", bytes),
           }) {
        const std::int64_t took = most_while_checking(*schema, args);
        const auto charged = static_cast<double>(args_bytes_at_most(args.size(), values_of(args)));
        EXPECT_LE(static_cast<double>(took), charged) << text << " " << args.substr(0, 30);
        nearest = std::max(nearest, static_cast<double>(took) / charged);
      }
    }
  }
  EXPECT_GT(nearest, 0.5) << "it need not be charged so much";
}

TEST(SchemaMemory, ACompiledSchemaReportsItsBytes) {
  for (const std::string& text : {
           std::string(R"({"type":"object"})"),
           repeated(R"({"properties":{"z":true)", R"(,"p{0}":{{"type":"string","maxLength":{0}}})", "}}",
                    60'000),
           repeated(R"({"enum":[0)", R"(,"value {}")", "]}", 60'000),
           repeated(R"({"allOf":[true)", ",true", "]}", 30'000),
           repeated(R"({"anyOf":[true)", R"(,{{"pattern":"^a{}[x-z]*$"}})", "]}", 2'000),
       }) {
    Validator validator;
    ASSERT_TRUE(ArgsSchema::compile(text, "args", validator))
        << "the first, which makes what all of them share";
    const std::int64_t before = held_bytes;
    auto schema = ArgsSchema::compile(text, "args", validator);
    ASSERT_TRUE(schema) << text.substr(0, 60);
    const auto took = static_cast<double>(held_bytes - before);
    const auto said = static_cast<double>(schema->bytes());
    EXPECT_GE(said + 256, 0.95 * took) << text.substr(0, 60);
    EXPECT_LE(said, 2 * took) << text.substr(0, 60);
    schema.reset();
    EXPECT_EQ(held_bytes, before) << text.substr(0, 60);
  }
}

}  // namespace
}  // namespace nexus::panels
#endif
