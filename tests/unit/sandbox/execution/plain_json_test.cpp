// A fast writer of our own writes results and state; JSON.stringify is its oracle.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "nexus/foundation/json/json.h"
#include "support/sandbox.h"
#include "support/steps.h"

namespace nexus::testing {
namespace {

constexpr std::string_view kValues[] = {
    // written by the fast writer
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "2147483647",
    "-2147483648",
    "2147483648",
    "9007199254740993",
    "0.1",
    "-1.5e-7",
    "1e21",
    "123456789012345680000",
    "1e300",
    "5e-324",
    "NaN",
    "Infinity",
    "-Infinity",
    "''",
    "'plain'",
    R"('"\\/\b\f\n\r\t\v\0\x1f\x7f')",
    "'\\u00e9\\u00ff\\u0080'",
    "'\\u20ac'",
    "'\\ud83d\\ude00'",
    "'\\ud800'",
    "'x\\udc00\\ud800y'",
    "'\\u2028\\u2029'",
    "'a'.repeat(5000)",
    "'\\n'.repeat(3000)",
    "'\\u20ac'.repeat(3000)",
    "'\\ud83d\\ude00'.repeat(1500)",
    "[]",
    "{}",
    "[[],{},[{}]]",
    "[1,,3]",
    "[undefined, null]",
    "{a: undefined, b: 1}",
    "{a: undefined}",
    "{'': 1, ' ': 2, '\"': 3}",
    "{'\\u20ac\\ud800': 1}",
    "{__proto__: null, a: 1}",
    "{constructor: 1, toString: 2, length: 3}",
    "Array.from({length: 300}, (_, i) => ({i, s: 'x' + i}))",
    "(() => { const o = {a: 1, b: 2, c: 3}; delete o.b; return o })()",
    "(() => { const a = [1, 2, 3]; return {first: a, second: a} })()",
    "JSON.parse('{\"a\":[1,{\"b\":null}]}')",
    "(() => { let v = 1; for (let i = 0; i < 60; ++i) v = [v]; return v })()",
    // left to JSON.stringify
    "(() => { let v = 1; for (let i = 0; i < 100; ++i) v = {v}; return v })()",
    "{b: 1, 2: 2, 1: 3}",
    "{'4294967294': 1, a: 2, '7': 3}",
    "{a() {}, b: Symbol(), [Symbol()]: 1}",
    "[() => 1, Symbol()]",
    "{get a() { return 7 }}",
    "Object.defineProperty({b: 1}, 'a', {value: 2})",
    "Object.defineProperty({b: 1}, 'a', {get() { return 2 }, enumerable: true})",
    "{toJSON() { return 'me' }}",
    "{a: {toJSON: (key) => key}}",
    "{toJSON: 5}",
    "[{toJSON: () => undefined}]",
    "Object.assign([1, 2], {toJSON: () => 'list'})",
    "Object.assign([1, 2], {extra: 3})",
    "Object.defineProperty({}, 'toJSON', {value: () => 'hidden'})",
    "new Date(0)",
    "new Number(3)",
    "new String('s')",
    "new Boolean(false)",
    "new Map([[1, 2]])",
    "new Set([1])",
    "/x/g",
    "new Error('e')",
    "new Uint8Array(3)",
    "new (class { a = 1; #b = 2; get c() { return 3 } })()",
    "Object.create({a: 1})",
    "Object.create({toJSON: () => 1})",
    "new Proxy({a: 1}, {})",
    "new Proxy([1, 2], {})",
    "new Proxy({a: 1}, {ownKeys: () => ['b'], getOwnPropertyDescriptor: () => ({enumerable: true, "
    "configurable: true, value: 0}), get: () => 9})",
    "(() => { const a = []; a.length = 3; return a })()",
    "(() => { const a = [1]; a[5] = 2; return a })()",
    "Object.setPrototypeOf([1, 2], null)",
    "Object.setPrototypeOf([1, 2], {toJSON: () => 3})",
    "new (class extends Array {})(1, 2)",
    "'rope ' + 'x'.repeat(300) + 'y'.repeat(300)",
    "(function () { return arguments })(1, 2)",
    "(Object.prototype.toJSON = () => 'all', {a: 1})",
    "(Array.prototype.toJSON = () => 'lists', [1])",
    "(Object.defineProperty(Object.prototype, 'toJSON', {get() { return () => 'got' }}), {a: 1})",
    "(Object.setPrototypeOf(Array.prototype, {toJSON: () => 'between'}), [1])",
    "(Number.prototype.toJSON = () => 'n', [1])",
};

// JSON.stringify, then the host's replacement of lone surrogates by U+FFFD.
constexpr std::string_view kStringify =
    R"((v) => JSON.stringify(v)?.replace(/\\ud[89a-f][0-9a-f]{2}/g, '\\ufffd'))";

std::string with(std::string_view before, std::string_view value, std::string_view after) {
  return std::string(before).append(value).append(after);
}

TEST(PlainJson, ResultsMatchStringify) {
  Sandbox sandbox;
  for (const std::string_view value : kValues) {
    SCOPED_TRACE(value);
    const std::string expected = sandbox.run(with("return (" + std::string(kStringify) + ")(", value, ")"))
                                     .expect_success()
                                     .result()
                                     .return_json;
    const std::string text = sandbox.run(with("return (", value, ")")).expect_success().result().return_json;
    std::string quoted;
    append_json_string(quoted, text);
    EXPECT_EQ(quoted, expected);
  }
}

TEST(PlainJson, StateMatchesStringify) {
  Sandbox sandbox;
  for (const std::string_view value : kValues) {
    SCOPED_TRACE(value);
    const auto set = sandbox.run(
        with("const v = (", value,
             "); $state.deep.at = v; $state.whole = v; return (" + std::string(kStringify) + ")(v)"),
        {.state = R"({"deep":{}})"});
    if (set.result().error) continue;  // functions and the like are rejected; other tests cover that
    const auto& mutations = set.result().journal.mutations;
    for (const auto& mutation : mutations) {
      if (mutation.key != "whole") continue;
      std::string quoted;
      append_json_string(quoted, *mutation.json);
      EXPECT_EQ(quoted, set.result().return_json);
    }
  }
}

TEST(PlainJson, CyclesAndBigIntsAreErrors) {
  Sandbox sandbox;
  sandbox.run("const a = {}; a.a = a; return a")
      .expect(ErrorCode::kExecutionError)
      .expect_message("circular");
  sandbox.run("const a = []; a.push([a]); return a")
      .expect(ErrorCode::kExecutionError)
      .expect_message("circular");
  sandbox.run("return {n: 1n}").expect(ErrorCode::kExecutionError).expect_message("BigInt");
}

TEST(PlainJson, OutputAboveMemoryIsMemoryLimit) {
  Sandbox sandbox;
  Limits limits;
  limits.memory_limit_bytes = 4_MiB;
  limits.max_result_bytes = 64_MiB;
  sandbox.run("const s = '\\n'.repeat(1 << 20); return [s, s, s]", {.limits = limits})
      .expect(ErrorCode::kMemoryLimit);
}

// Values from JSON.parse are returned unchanged.
TEST(PlainJson, RandomDataRoundTrips) {
  Sandbox sandbox;
  const std::string source = "const stringify = " + std::string(kStringify) + R"(
    let seed = $args.seed
    const next = (n) => { seed = (seed * 1103515245 + 12345) & 0x7fffffff; return (seed >> 8) % n }
    const text = () => Array.from({length: next(12)}, () => String.fromCharCode([next(128), next(256), 0xd7f0 + next(2100), 0x20ac][next(4)])).join('')
    const value = (depth) => [() => next(3) - 1, () => next(1e9) / 1e5, () => text(), () => null, () => next(2) === 0,
      () => depth > 5 ? 0 : Array.from({length: next(6)}, () => value(depth + 1)),
      () => depth > 5 ? {} : Object.fromEntries(Array.from({length: next(6)}, () => [next(9) ? 'k' + text() : String(next(99)), value(depth + 1)]))][next(7)]()
    const made = value(0)
    return {made, same: stringify(made)})";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  for (std::uint64_t seed = 1; seed <= steps(2000); ++seed) {
    SCOPED_TRACE(seed);
    const auto ran =
        sandbox.run_image(*image, source, {.args = with(R"({"seed":)", std::to_string(seed), "}")});
    const std::string& json = ran.expect_success().result().return_json;
    const auto same = json.rfind(R"(,"same":)");
    ASSERT_NE(same, std::string::npos);
    std::string quoted;
    append_json_string(quoted, std::string_view(json).substr(8, same - 8));
    EXPECT_EQ(quoted + "}", json.substr(same + 8));
  }
}

}  // namespace
}  // namespace nexus::testing
