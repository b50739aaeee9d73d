// The three forms of a handler's source, and how the loader tells them apart.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

struct Form {
  std::string_view name;
  std::string_view source;
  std::string_view value;  // empty: undefined
};

constexpr auto kModules = std::to_array<Form>({
    {"default function", "export default function ($) { return Object.keys($).sort().join() }",
     R"("$args,$emit,$ext,$log,$scope,$state,$time,$view")"},
    {"default async arrow", "export default async ({ $args }) => await $args.a", "7"},
    {"renamed", "function run($) { return 'run' }\nexport { run as default }", R"("run")"},
    {"comments in between", "// a\n/* export default 3 */ export /* b */ default async ($) => 5 // c", "5"},
    {"other exports beside it",
     "export const a = 1\nexport function f() { return a }\nexport default () => f()", "1"},
    {"a live binding", "let f = () => 1\nexport { f as default }\nf = () => 2", "2"},
    {"await at the top", "const v = await Promise.resolve(41)\nexport default () => v + 1", "42"},
    {"names are globals too", "export default () => $args.a + $state.s", "10"},
    {"the top level's state is fresh for each call", "let n = 0\nexport default () => ++n", "1"},
    {"the top level has this undefined", "const t = typeof this\nexport default () => t", R"("undefined")"},
    {"shebang", "#!/usr/bin/env node\nexport default () => 1", "1"},
    {"byte order mark",
     "\xef\xbb\xbf"
     "export default () => 1",
     "1"},
    {"a class with a static method is no handler but a function is",
     "class A { static run() { return 3 } }\nexport default A.run", "3"},
    {"a bound function", "export default (function () { return this.a }).bind({ a: 4 })", "4"},
    {"no names of an execution at load",
     "const seen = [typeof $state, typeof $args, typeof $emit, typeof $log, typeof $time, typeof "
     "console]\nexport default () => seen",
     R"(["undefined","undefined","undefined","undefined","undefined","object"])"},
});

constexpr auto kFunctions = std::to_array<Form>({
    {"arrow", "($) => $.$args.a", "7"},
    {"async arrow", "async ($) => { return await $.$args.a }", "7"},
    {"arrow without parentheses", "$ => $.$args.a", "7"},
    {"arrow with destructuring", "({ $args: { a }, $state }) => a + $state.s", "10"},
    {"function", "function ($) { return $.$args.a }", "7"},
    {"named function", "function handler({ $args }) { return $args.a }", "7"},
    {"async function", "async function handler({ $args }) { return await $args.a }", "7"},
    {"in parentheses", "(($) => 7)", "7"},
    {"in many, with comments", "// a\n((( /* b */ ($) => 7 ))) // c\n/* d */", "7"},
    {"one argument", "function (...all) { return all.length }", "1"},
    {"names are globals too", "() => $args.a", "7"},
    {"strict", "function () { return this === undefined }", "true"},
    {"shebang", "#!/usr/bin/env node\n($) => 1", "1"},
    {"byte order mark", "\xef\xbb\xbf($) => 1", "1"},
    {"a semicolon behind it", "async ({ $args }) => {\n  return $args.a;\n};\n// end", "7"},
    {"CRLF", "async ($) => {\r\n  return 1\r\n}\r\n", "1"},
    {"a directive inside", "function () { 'use strict'; return 1 }", "1"},
});

constexpr auto kBodies = std::to_array<Form>({
    {"statements", "$state.s++; return $state.s", "4"},
    {"await", "return await Promise.resolve(3)", "3"},
    {"for await", "let s = 0; for await (const x of [1, 2, Promise.resolve(3)]) s += x; return s", "6"},
    {"await only inside a function", "const f = async () => await 3; return f()", "3"},
    {"the word await in a text", "return 'await'", R"("await")"},
    {"the word await in a comment", "return 1 // await", "1"},
    {"an expression returns nothing", "1 + 1", ""},
    {"a call of a function expression", "(() => 5)()", ""},
    {"two functions", "function a() { } function b() { }", ""},
    {"a function and its call", "function a() { return 4 } return a()", "4"},
    {"arrows with a comma", "() => 1, () => 2", ""},
    {"a class", "class A { }", ""},
    {"empty", "", ""},
    {"white space", " \n\t\n", ""},
    {"a comment", "// nothing", ""},
    {"a semicolon", ";", ""},
    {"a directive before a function", "'use strict'; ($) => 7", ""},
    {"directive", "'use strict'; return typeof this", R"("undefined")"},
    {"CRLF", "const a = 1\r\nreturn a + 1\r\n", "2"},
    {"byte order mark", "\xef\xbb\xbfreturn 1", "1"},
    {"shebang", "#!/usr/bin/env node\nreturn 1", "1"},
    {"unicode names",
     "const gr\xc3\xb6\xc3\x9f"
     "e = 3, \xe5\x8f\x98\xe9\x87\x8f = 4, \\u{61}b = 1; return gr\xc3\xb6\xc3\x9f"
     "e + \xe5\x8f\x98\xe9\x87\x8f + ab",
     "8"},
    {"a comment at the end", "return 1 //", "1"},
    {"closing brackets in a text", "return `})`", "\"})\""},
    {"export in a text", "return 'export default 3'", R"("export default 3")"},
    {"a name of ours hidden by a local one", "const $state = 1; return $state", "1"},
});

void run_all(std::span<const Form> forms) {
  Sandbox sandbox;
  for (const Form& one : forms) {
    SCOPED_TRACE(one.name);
    // Twice, because the first execution must leave nothing for the second.
    for (int i = 0; i < 2; ++i) {
      sandbox.run(one.source, {.args = R"({"a":7})", .state = R"({"s":3})"}).expect_value(one.value);
    }
  }
}

TEST(HandlerForms, Module) { run_all(kModules); }
TEST(HandlerForms, Function) { run_all(kFunctions); }
TEST(HandlerForms, Body) { run_all(kBodies); }

TEST(HandlerForms, EachRunOfAnImageIsFresh) {
  Sandbox sandbox;
  const std::string source =
      "const seen = []\nlet n = 0\nexport default ({ $args }) => { seen.push($args.a); globalThis.mark = "
      "(globalThis.mark ?? 0) + 1; "
      "Array.prototype.x = n; return [++n, seen, globalThis.mark] }";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  for (const std::string a : {"1", "2", "3"}) {
    sandbox.run_image(*image, source, {.args = "{\"a\":" + a + "}"}).expect_value("[1,[" + a + "],1]");
  }
}

TEST(HandlerForms, ImportIsRefusedByName) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"import x from 'lodash'\nexport default () => x",
        "import * as x from 'lodash'\nexport default () => x", "import { x } from \"lodash\"; return x",
        "import 'lodash'", "export { default } from 'lodash'",
        "export * from 'lodash'\nexport default () => 1", "import x, { y } from 'lodash'; export default x",
        "import x from 'lodash' with { type: 'json' }\nexport default () => x"}) {
    SCOPED_TRACE(source);
    const Outcome outcome = sandbox.run(source);
    outcome.expect(ErrorCode::kCompilationError)
        .expect_message("import of 'lodash'")
        .expect_message("bundle");
    ASSERT_TRUE(outcome.result().error && outcome.result().error->location);
    EXPECT_EQ(outcome.result().error->location->line, 1);
    const std::string& snippet = outcome.result().error->location->snippet;
    EXPECT_EQ(snippet.substr(outcome.result().error->location->column, 6), "lodash") << outcome.describe();
  }
}

TEST(HandlerForms, DefaultExportMustBeAFunction) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"export default 5", "export default undefined", "export default null", "export default { run() { } }",
        "export default 'x'", "export default Promise.resolve(() => 1)", "let a; export { a as default }",
        "export default []"}) {
    SCOPED_TRACE(source);
    sandbox.run(source).expect(ErrorCode::kInvalidHandler).expect_message("not a function");
  }
}

TEST(HandlerForms, AnExceptionAtLoadIsInvalid) {
  Sandbox sandbox;
  sandbox.run("const a = 1\nthrow new Error('at load')\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("at load")
      .expect_at(2, 11);
  sandbox.run("export default () => 1\nnowhere()")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("nowhere is not defined")
      .expect_at(2, 1);
  sandbox.run("await null\nthrow 'text'\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("text");
  sandbox.run("queueMicrotask(() => { throw new Error('in a task') })\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("in a task");
  sandbox.run("await new Promise(() => { })\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("waits for nothing");
  sandbox.run("(function f() { f() })()\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("RangeError");
  sandbox.run("$state.a = 1\nexport default () => 1")
      .expect(ErrorCode::kInvalidHandler)
      .expect_message("while a handler is loaded");
  sandbox.run("export default () => $args.a", {.args = R"({"a":1})"}).expect_value("1");
}

TEST(HandlerForms, SourceCannotLeaveItsWrapper) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"})", "}); (function () {", "}); throw 1; (function () {", "1 }); (async function () { return 2",
        "return 1 }, function () { return 2", "() => 1); (() => 2", ") =>", "}) //",
        "return 1 } ) (function () {", "})();(async()=>{", "*/ return 1", "return 1 /*", "return `", "});({",
        "}, {", "() => 1) + (() => 2", "};{", "}+function(){"}) {
    SCOPED_TRACE(source);
    const Outcome outcome = sandbox.run(source);
    outcome.expect(ErrorCode::kCompilationError);
    ASSERT_TRUE(outcome.result().error && outcome.result().error->location) << outcome.describe();
    EXPECT_EQ(outcome.result().error->location->line, 1);
    sandbox.run("return 1").expect_value("1");
  }
}

TEST(HandlerForms, SloppyModeIsRejected) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"with ({ a: 1 }) { return a }", "return 010", "const x = 1; delete x; return 1",
        "function f(a, a) { }", "arguments = 1", "let static = 1", "return super.x", "return yield 1",
        "($) => await 1", "return import.meta", "return 1; export default () => 1", "export const a = 1"}) {
    SCOPED_TRACE(source);
    sandbox.run(source).expect(ErrorCode::kCompilationError).expect_message("SyntaxError");
  }
  sandbox.run("x = 1; return x").expect(ErrorCode::kExecutionError).expect_message("x is not defined");
}

}  // namespace
}  // namespace nexus::testing
