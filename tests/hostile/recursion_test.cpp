// Recursion in every form that the language has: too deep is a RangeError that JavaScript can catch, never a trap.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/hostile.h"

namespace nexus::testing {
namespace {

struct Recursion {
  std::string_view name;
  std::string_view source;  // a body
};

constexpr auto kFunctions = std::to_array<Recursion>({
    {"function", "function f() { return f() + 1 } return f()"},
    {"arrow", "const f = () => f() + 1; return f()"},
    {"many locals",
     "function f(a) { let b = a, c = b, d = c, e = d, g = [a, b, c, d, e]; return f(a + 1) + g.length } "
     "return f(0)"},
    {"two functions", "function f() { return g() + 1 } function g() { return f() + 1 } return f()"},
    {"method", "const o = { m() { return this.m() + 1 } }; return o.m()"},
    {"apply", "function f() { return f.apply(this, arguments) + 1 } return f()"},
    {"call", "function f() { return f.call(this) + 1 } return f()"},
    {"Reflect.apply", "const f = () => Reflect.apply(f, null, []); return f()"},
    {"Reflect.construct", "function F() { Reflect.construct(F, []) } return new F()"},
    {"bound",
     "let f = () => g(); const g = f.bind(null); f = g; return (function h() { return h.bind(null)() + 1 "
     "})()"},
    {"spread", "function f(...a) { return f(...a, 1) + 1 } return f()"},
    {"default parameter", "function f(a = f()) { return a } return f()"},
    {"tagged template", "const f = () => f`x`; return f()"},
    {"constructor", "class A { constructor() { new A() } } new A()"},
    {"super",
     "class A { m() { return new B().m() } } class B extends A { m() { return super.m() } } return new "
     "B().m()"},
    {"class field", "class A { x = new A() } new A()"},
    {"class static block", "const make = () => class { static { make() } }; make()"},
    {"class static field", "const make = () => class { static x = make() }; make()"},
    {"computed member name", "const make = () => ({ [make()]: 1 }); make()"},
    {"generator", "function* g() { yield* g() } return [...g()]"},
    {"generator delegation", "function* g(i) { if (i) yield* g(i - 1); yield 1 } return g(100000).next()"},
    {"async", "const f = async () => { await f() }; await f()"},
    {"async generator", "async function* g() { yield* g() } for await (const x of g()) return x"},
    {"catch", "function f() { try { f() } catch (e) { throw e } } f()"},
    {"finally", "function f() { try { return f() } finally { 1 } } return f()"},
    {"error constructor",
     "class E extends Error { constructor() { super('x', { get cause() { throw new E() } }); throw new E() } "
     "} throw new E()"},
});

constexpr auto kHooks = std::to_array<Recursion>({
    {"getter", "const o = { get a() { return this.a } }; return o.a"},
    {"setter", "const o = { set a(v) { this.a = v } }; o.a = 1"},
    {"proxy get", "const p = new Proxy({}, { get(t, k) { return p[k] } }); return p.x"},
    {"proxy has", "const p = new Proxy({}, { has(t, k) { return k in p } }); return 'x' in p"},
    {"proxy ownKeys",
     "const p = new Proxy({}, { ownKeys() { return Object.keys(p) } }); return Object.keys(p)"},
    {"proxy apply", "const p = new Proxy(() => 1, { apply() { return p() } }); return p()"},
    {"proxy in proxy", "let p = {}; for (let i = 0; i < 20000; i++) p = new Proxy(p, {}); return p.x"},
    {"proxy as its own prototype", "const p = new Proxy({}, {}); Object.setPrototypeOf(p, p); return p.x"},
    {"proxy instanceof",
     "let p = class {}; for (let i = 0; i < 20000; i++) p = new Proxy(p, {}); return {} instanceof p"},
    {"bound in bound",
     "let f = () => 1; for (let i = 0; i < 20000; i++) f = Object.defineProperty(f.bind(null), 'name', { "
     "value: '' }); return f()"},
    {"toString", "const o = { toString() { return '' + this } }; return '' + o"},
    {"valueOf", "const o = { valueOf() { return +this } }; return +o"},
    {"Symbol.toPrimitive", "const o = { [Symbol.toPrimitive]() { return `${this}` } }; return `${o}`"},
    {"Symbol.hasInstance",
     "const o = { [Symbol.hasInstance](v) { return v instanceof o } }; return 1 instanceof o"},
    {"Symbol.iterator", "const o = { [Symbol.iterator]() { return [...this] } }; return [...o]"},
    {"Symbol.species",
     "class A extends Array { static get [Symbol.species]() { return new A(1, 2).map(x => x) } } return new "
     "A(1, 2).map(x => x)"},
    {"toJSON", "const o = { toJSON() { return JSON.stringify(this) } }; return JSON.stringify(o)"},
    {"replacer", "const f = () => JSON.stringify([1], f); return f()"},
    {"reviver", "const f = () => JSON.parse('[1]', f); return f()"},
    {"sort", "const f = () => [2, 1].sort(f); f()"},
    {"typed sort", "const f = () => new Uint8Array([2, 1]).sort(f); f()"},
    {"map callback", "const f = () => [1].map(f); f()"},
    {"reduce callback", "const f = () => [1, 2].reduce(f); f()"},
    {"flatMap callback", "const f = () => [1].flatMap(f); f()"},
    {"Array.from callback", "const f = () => Array.from([1], f); f()"},
    {"forEach of a map", "const f = () => new Map([[1, 1]]).forEach(f); f()"},
    {"replace callback", "const f = () => 'a'.replace(/a/, f); f()"},
    {"replaceAll callback", "const f = () => 'a'.replaceAll('a', f); f()"},
    {"then getter", "const o = { get then() { return o.then } }; await o"},
    {"update of $state", "const f = () => $state.update('a', f); f()"},
    {"arrays in arrays to text", "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return String(a)"},
    {"arrays in arrays flattened",
     "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return a.flat(Infinity)"},
    {"structuredClone", "let a = []; for (let i = 0; i < 20000; i++) a = [a]; return structuredClone(a)"},
    {"stringify", "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return JSON.stringify(a)"},
    {"stringify of objects",
     "let a = {}; for (let i = 0; i < 50000; i++) a = { a }; return JSON.stringify(a)"},
    {"parse", "return JSON.parse('['.repeat(100000) + ']'.repeat(100000))"},
    {"parse of objects", "return JSON.parse('{\"a\":'.repeat(100000) + '1' + '}'.repeat(100000))"},
    {"ropes",
     "let s = ''; for (let i = 0; i < 200000; i++) s = 'ab' + s; for (let i = 0; i < 200000; i++) s = s + "
     "'cd';"
     "(function f() { return f() + 1 })()"},
});

void run_all(std::span<const Recursion> cases, std::uint64_t stack_bytes) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.stack_size_bytes = stack_bytes;
  for (const Recursion& one : cases) {
    SCOPED_TRACE(one.name);
    const Outcome outcome = sandbox.run(one.source, options);
    outcome.expect(ErrorCode::kExecutionError).expect_message("RangeError");
    sandbox.run(with_catch(one.source), options).expect_value("\"went on\"");
    expect_normal(sandbox);
  }
}

TEST(Recursion, OfFunctionsIsARangeError) { run_all(kFunctions, 200_KiB); }
TEST(Recursion, ThroughHooksIsARangeError) { run_all(kHooks, 200_KiB); }
TEST(Recursion, OfFunctionsIsARangeErrorOnTheLeastStack) { run_all(kFunctions, 64_KiB); }
TEST(Recursion, ThroughHooksIsARangeErrorOnTheLeastStack) { run_all(kHooks, 64_KiB); }

// Each of our own functions at the deepest stack that a handler can reach, at every depth near it.
TEST(Recursion, OurOwnFunctionsAtTheDeepestStackDoNotTrap) {
  constexpr auto kCalls = std::to_array<std::string_view>({
      "$state.a",
      "$state.a = {b:[1]}",
      "$state.n.x.push(1)",
      "delete $state.q",
      "Object.keys($state)",
      "JSON.stringify($state)",
      "$state.update('u', () => 1)",
      "$emit('e', {a: 1})",
      "$emit.toast('x')",
      "$view.focus('x')",
      "$log('x', {a: 1})",
      "$time.now()",
      "$ext.exists('x')",
      "crypto.randomUUID()",
      "structuredClone([{a: [1]}])",
      "new TextEncoder().encode('x')",
      "new TextDecoder().decode(new Uint8Array(3))",
      "atob('QUJD')",
      "btoa('ABC')",
      "queueMicrotask(() => 1)",
      "performance.now()",
      "/(a+)+b/.exec('aaaa')",
      "new RegExp('(a(b(c)))')",
      "[3, 2, 1].sort()",
      "'x'.normalize('NFKD')",
      "(1.1).toFixed(20)",
      "1n ** 500n",
      "new Date(0).toISOString()",
      "String(new Error('x').stack)",
      "import('x').catch(() => 1)",
      "undefined.x",
      "nowhere()",
  });
  Sandbox sandbox;
  RunOptions options{.state = R"({"a":1,"n":{"x":[]}})"};
  options.limits.max_host_calls = options.limits.max_state_mutations = options.limits.max_events = 1'000'000;
  options.limits.max_view_commands = 1'000'000;
  for (const std::string_view call : kCalls) {
    SCOPED_TRACE(call);
    const std::string source =
        "let deepest = 0, worked = 0\n"
        "function f(depth) { deepest = depth; try { f(depth + 1) } catch (e) { }\n"
        "  if (depth > deepest - 60) { try { " +
        std::string(call) +
        "; worked++ } catch (e) { } } }\n"
        "f(0)\nreturn deepest > 100 && worked >= 0";
    sandbox.run(source, options).expect_value("true");
    expect_normal(sandbox);
  }
}

TEST(Recursion, DeepSourceIsACompilationError) {
  Sandbox sandbox;
  constexpr int kDepth = 20000;
  const auto repeated = [](std::string_view text) {
    std::string all;
    for (int i = 0; i < kDepth; ++i)
      all += text;
    return all;
  };
  for (const auto& [open, close] :
       std::to_array<std::pair<std::string_view, std::string_view>>({{"(", ")"},
                                                                     {"[", "]"},
                                                                     {"{", "}"},
                                                                     {"!", ""},
                                                                     {"a=>", "1"},
                                                                     {"function f(){", "}"},
                                                                     {"`${", "}`"},
                                                                     {"x?", ":1"},
                                                                     {"new ", ""},
                                                                     {"-", ""},
                                                                     {"if(1)", ""},
                                                                     {"class A{x=", "}"},
                                                                     {"a.b(", ")"},
                                                                     {"async()=>{", "}"},
                                                                     {"typeof ", ""},
                                                                     {"1**", ""},
                                                                     {"[a]=", ""}})) {
    SCOPED_TRACE(open);
    const std::string deep = "const a = 1; " + repeated(open) + "1" + repeated(close);
    for (const std::string& source : {deep, "export default () => {" + deep + "}", "() => {" + deep + "}"}) {
      const Outcome outcome = sandbox.run(source);
      if (outcome.result().error) {
        EXPECT_NE(name(outcome.result().error->code), "INTERNAL_ERROR") << outcome.describe();
      }
    }
    expect_normal(sandbox);
  }
}

}  // namespace
}  // namespace nexus::testing
