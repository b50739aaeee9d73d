// Lines, columns and snippets refer to the author's source, whatever the loader puts around it.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

struct Place {
  std::string_view name;
  std::string_view source;
  std::string_view message;  // part of the message
  int line;
  int column;
  std::string_view snippet;
};

void run_all(std::span<const Place> places, ErrorCode code, const RunOptions& options = {}) {
  Sandbox sandbox;
  for (const Place& one : places) {
    SCOPED_TRACE(one.name);
    const Outcome outcome = sandbox.run(one.source, options);
    outcome.expect(code).expect_message(one.message).expect_at(one.line, one.column);
    if (outcome.result().error && outcome.result().error->location) {
      EXPECT_EQ(outcome.result().error->location->snippet, one.snippet);
    }
    if (outcome.result().error) {
      const std::string& stack = outcome.result().error->stack;
      EXPECT_EQ(stack.find("handler.js:0"), std::string::npos) << stack;
      EXPECT_EQ(stack.find("<nexus>"), std::string::npos) << stack;
    }
  }
}

TEST(ErrorLocation, OfSyntaxErrors) {
  constexpr auto kPlaces = std::to_array<Place>({
      {"body", "const a = 1;\nconst b = ;\nreturn a", "';'", 2, 11, "const b = ;"},
      {"body, after a return", "return 1;\nconst b = ;", "';'", 2, 11, "const b = ;"},
      {"body with await", "const x = await 5;\nconst y = = 2;", "'='", 2, 11, "const y = = 2;"},
      {"body, redefinition", "let a = 1\nlet a = 2", "redefinition", 2, 7, "let a = 2"},
      {"body, text without an end", "\n\nreturn 'abc", "end of string", 3, 8, "return 'abc"},
      {"body, CRLF", "const a = 1\r\nconst b = ;\r\nreturn 1", "';'", 2, 11, "const b = ;"},
      {"body, at the end", "const a = 1\nreturn (a +", "unexpected end", 2, 12, "return (a +"},
      {"body, a brace that is missing", "if (true) {\n  return 1", "unexpected end", 2, 11, "  return 1"},
      {"body, a brace too many", "if (true) {\n  return 1\n}}\nreturn 2", "'}'", 3, 2, "}}"},
      {"body, only a closing bracket", "})", "'}'", 1, 1, "})"},
      {"function", "async ($) => {\n  const a = 1;\n  return a +;\n}", "';'", 3, 13, "  return a +;"},
      {"function, redefinition", "function handler($) {\n  let a = 1;\n  let a = 2;\n}", "redefinition", 3, 9,
       "  let a = 2;"},
      {"function, a brace that is missing", "async ($) => {\n  return 1;", "unexpected end", 2, 12,
       "  return 1;"},
      {"function, a brace too many", "async ($) => {\n  return 1;\n}}", "'}'", 3, 2, "}}"},
      {"module", "const a = 1;\nexport default async ($) => {\n  return a +* 2;\n};", "'*'", 3, 13,
       "  return a +* 2;"},
      {"module, at the end", "export default async ($) => {\n  return 1;", "unexpected end", 2, 12,
       "  return 1;"},
      {"module, a second default", "export default 1;\nexport default 2;", "redefinition", 2, 17,
       "export default 2;"},
      {"module, with an import", "// first\nimport x from 'y';\nexport default () => { return 1 + ; }",
       "import of 'y'", 2, 15, "import x from 'y';"},
      {"module, an export of nothing", "const a = 1\nexport { nope as default };", "'nope' does not exist", 2,
       10, "export { nope as default };"},
  });
  Sandbox sandbox;
  for (const Place& one : kPlaces) {
    SCOPED_TRACE(one.name);
    const Outcome outcome = sandbox.run(one.source);
    outcome.expect(ErrorCode::kCompilationError).expect_message(one.message);
    ASSERT_TRUE(outcome.result().error && outcome.result().error->location) << outcome.describe();
    const SourceLocation& place = *outcome.result().error->location;
    EXPECT_EQ(place.line, one.line) << outcome.describe();
    // For some errors the parser has read one token further.
    EXPECT_EQ(place.column, one.column) << outcome.describe();
    EXPECT_EQ(place.snippet, one.snippet);
  }
}

TEST(ErrorLocation, OfExceptions) {
  constexpr auto kPlaces = std::to_array<Place>({
      {"new Error", "const a = 1;\n  throw new Error('no')", "no", 2, 13, "  throw new Error('no')"},
      {"a property of undefined", "const o = {};\nreturn o.a.b", "cannot read property 'b'", 2, 8,
       "return o.a.b"},
      {"not a function", "const o = {};\n\n  o.foo();", "not a function", 3, 5, "  o.foo();"},
      {"not defined", "\nreturn nowhere", "nowhere is not defined", 2, 8, "return nowhere"},
      {"not initialised", "x;\nlet x = 1", "x is not initialized", 1, 1, "x;"},
      {"a constant", "const x = 1;\n  x = 2", "read-only", 2, 3, "  x = 2"},
      {"made elsewhere", "const e = new Error('made here');\n\nthrow e", "made here", 1, 15,
       "const e = new Error('made here');"},
      {"a subclass", "class Mine extends Error {\n constructor(m) {\n  super(m) } }\nthrow new Mine('no')",
       "no", 3, 9, "  super(m) } }"},
      {"a callback", "return [1, 2].map((x) => {\n  return x.foo.bar\n})", "'bar'", 2, 10,
       "  return x.foo.bar"},
      {"sort", "[2, 1].sort(() => {\n  throw new Error('no') })", "no", 2, 13, "  throw new Error('no') })"},
      {"toJSON of the result", "return { toJSON() {\n  throw new Error('no') } }", "no", 2, 13,
       "  throw new Error('no') } }"},
      {"in a promise", "await Promise.resolve().then(() => {\n   nowhere()\n})", "nowhere", 2, 4,
       "   nowhere()"},
      {"after awaits", "const a = await 1;\nconst b = await 2;\nnowhere", "nowhere", 3, 1, "nowhere"},
      {"in an async function, after awaits",
       "async function inner() {\n  await null\n  throw new TypeError('deep')\n}\nasync function outer() {\n "
       " await inner()\n}\nawait outer()",
       "TypeError: deep", 3, 13, "  throw new TypeError('deep')"},
      {"in a function form", "async ({ $args }) => {\n  await null\n  nowhere()\n}", "nowhere", 3, 3,
       "  nowhere()"},
      {"in a module", "const f = () => {\n  nowhere()\n}\nexport default async () => { await null; f() }",
       "nowhere", 2, 3, "  nowhere()"},
      {"CRLF", "const a = 1;\r\nconst b = 2;\r\n  nowhere()\r\n", "nowhere", 3, 3, "  nowhere()"},
      {"tabs", "\t\tnowhere()", "nowhere", 1, 3, "\t\tnowhere()"},
      {"non-ASCII before the column", "const \xc3\xa9 = '\xc3\xbc'; nowhere()", "nowhere", 1, 16,
       "const \xc3\xa9 = '\xc3\xbc'; nowhere()"},
      {"too deep", "function f() {\n  return f() + 1\n}\nreturn f()", "RangeError", 2, 10,
       "  return f() + 1"},
      {"a cycle in an event", "const a = {}; a.a = a;\n$emit('x', a)", "circular", 2, 12, "$emit('x', a)"},
      {"an extension", "\nawait $ext.http.get('x')", "no such extension: http", 2, 7,
       "await $ext.http.get('x')"},
      {"a key of $state", "\n$state.f = () => 1", "function", 2, 1, "\n$state.f = () => 1"},
  });
  Sandbox sandbox;
  for (const Place& one : kPlaces) {
    SCOPED_TRACE(one.name);
    const Outcome outcome = sandbox.run(one.source);
    outcome.expect(ErrorCode::kExecutionError).expect_message(one.message);
    ASSERT_TRUE(outcome.result().error && outcome.result().error->location) << outcome.describe();
    const SourceLocation& place = *outcome.result().error->location;
    EXPECT_EQ(place.line, one.line) << outcome.describe();
    EXPECT_EQ(place.column, one.column) << outcome.describe();
    if (one.snippet.find('\n') == std::string_view::npos) {
      EXPECT_EQ(place.snippet, one.snippet);
    }
  }
}

TEST(ErrorLocation, OfThrownNonErrors) {
  constexpr auto kPlaces = std::to_array<Place>({
      {"text", "const a = 1;\nthrow 'x'", "x", 2, 7, "throw 'x'"},
      {"undefined", "\nthrow undefined", "undefined", 2, 7, "throw undefined"},
      {"null", "\n  throw null", "null", 2, 9, "  throw null"},
      {"object", "\n  throw { a: 1 }", R"({"a":1})", 2, 9, "  throw { a: 1 }"},
      {"object with a message", "\n  throw { name: 'Mine', message: 'hello' }", "hello", 2, 9,
       "  throw { name: 'Mine', message: 'hello' }"},
      {"array", "throw [1, 2]", "1,2", 1, 7, "throw [1, 2]"},
      {"number, after an await", "await null;\n  throw 42", "42", 2, 9, "  throw 42"},
      {"after an error that was caught", "try { nowhere() } catch { }\n\nthrow 'late'", "late", 3, 7,
       "throw 'late'"},
      {"in an async function", "const f = async () => {\n  throw 42 }\nawait f()", "42", 2, 9,
       "  throw 42 }"},
      {"object with a text", "throw { toString() { return 'mine' } }", "mine", 1, 7,
       "throw { toString() { return 'mine' } }"},
      {"symbol", "throw Symbol('s')", "thrown", 1, 7, "throw Symbol('s')"},
      {"BigInt", "throw 10n", "10", 1, 7, "throw 10n"},
      {"what throws itself", "throw { toString() { throw this }, toJSON() { throw this } }", "thrown", 1, 7,
       "throw { toString() { throw this }, toJSON() { throw this } }"},
  });
  run_all(kPlaces, ErrorCode::kExecutionError);
}

TEST(ErrorLocation, OfOurOwnRefusals) {
  RunOptions denied;
  denied.capabilities = {"state:read:*"};
  run_all(
      std::to_array<Place>({
          {"state", "const a = 1;\n  $state.x = 1", "state:write:x", 2, 3, "  $state.x = 1"},
          {"event", "\n  $emit('x')", "events:emit:x", 2, 3, "  $emit('x')"},
          {"view", "\n$view.focus('x')", "view:update:x", 2, 7, "$view.focus('x')"},
          {"after an await", "await null\n  $emit('x')", "events:emit:x", 2, 3, "  $emit('x')"},
          {"in a callback", "[1].forEach(() => {\n  $emit('x')\n})", "events:emit:x", 2, 3, "  $emit('x')"},
      }),
      ErrorCode::kPermissionDenied, denied);
  RunOptions limited;
  limited.limits.max_events = limited.limits.max_state_mutations = 0;
  run_all(std::to_array<Place>({
              {"event", "\n  $emit('x')", "maxEvents", 2, 3, "  $emit('x')"},
              {"state", "await null\n\n$state.x = 1", "maxStateMutations", 3, 1, "$state.x = 1"},
          }),
          ErrorCode::kResourceLimit, limited);
}

TEST(ErrorLocation, SnippetIsPartOfALongLine) {
  Sandbox sandbox;
  const std::string pad(300, 'x');
  const Outcome outcome = sandbox.run("const a = '" + pad + "'; nowhere(); const b = '" + pad + "'");
  outcome.expect(ErrorCode::kExecutionError).expect_at(1, 315);
  const std::string& snippet = outcome.result().error->location->snippet;
  EXPECT_LE(snippet.size(), 160u);
  EXPECT_NE(snippet.find("nowhere()"), std::string::npos) << snippet;
}

TEST(ErrorLocation, SnippetIsCutBetweenCharacters) {
  Sandbox sandbox;
  std::string pad;
  for (int i = 0; i < 300; ++i)
    pad += "\xe4\xb8\xad";
  const Outcome outcome = sandbox.run("const a = '" + pad + "'; nowhere(); const b = '" + pad + "'");
  outcome.expect(ErrorCode::kExecutionError);
  ASSERT_TRUE(outcome.result().error && outcome.result().error->location);
  EXPECT_EQ(outcome.result().error->location->column, 315);
  EXPECT_NE(outcome.result().error->location->snippet.find("nowhere()"), std::string::npos)
      << outcome.describe();
}

TEST(ErrorLocation, CannotBeForgedPastTheSource) {
  Sandbox sandbox;
  for (const std::string_view stack :
       {"handler.js:99999:5", "handler.js:-5:5", "handler.js:1:99999999", "handler.js:0:0",
        "handler.js:99999999999999999999:1", "handler.js:1:", "handler.js:", "handler.js:1:-7",
        "handler.js:2147483647:2147483647", "", "mine"}) {
    SCOPED_TRACE(stack);
    const Outcome outcome =
        sandbox.run("const e = new Error('x')\ne.stack = '" + std::string(stack) + "'\nthrow e");
    outcome.expect(ErrorCode::kExecutionError).expect_message("x");
    if (!outcome.result().error || !outcome.result().error->location) continue;
    EXPECT_GE(outcome.result().error->location->line, 1);
    EXPECT_LE(outcome.result().error->location->line, 3);
    EXPECT_GE(outcome.result().error->location->column, 1);
    EXPECT_LE(outcome.result().error->location->column, 30) << outcome.describe();
  }
}

TEST(ErrorLocation, StackHasOnlyAuthorsFrames) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "function a() { b() }\nfunction b() {\n  c() }\nfunction c() { throw new Error('x') }\na()");
  outcome.expect(ErrorCode::kExecutionError);
  const std::string& stack = outcome.result().error->stack;
  std::size_t at = 0;
  for (const std::string_view frame :
       {"at c (handler.js:4:", "at b (handler.js:3:", "at a (handler.js:1:", "handler.js:5:"}) {
    at = stack.find(frame, at);
    ASSERT_NE(at, std::string::npos) << frame << " in " << stack;
  }
  for (const std::string_view source :
       {"return null.x", "return 2n ** (2n ** 30n)", "const { a } = null", "return 'x'.repeat(-1)"}) {
    SCOPED_TRACE(source);
    const Outcome at_start = sandbox.run(source);
    at_start.expect(ErrorCode::kExecutionError);
    EXPECT_EQ(at_start.result().error->stack.find("handler.js:0"), std::string::npos) << at_start.describe();
  }
}

}  // namespace
}  // namespace nexus::testing
