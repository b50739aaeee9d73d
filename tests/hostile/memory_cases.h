// The tables of memory_test.cpp, by what is taken.
#pragma once

#include <array>

#include "support/hostile.h"

namespace nexus::testing {

inline constexpr ErrorCode kMemory = ErrorCode::kMemoryLimit;
inline constexpr ErrorCode kThrows = ErrorCode::kExecutionError;

inline constexpr HostileCase in_small_steps(std::string_view name, std::string_view source) {
  return {.name = name, .source = source, .growth = Growth::kSmallSteps};
}

inline constexpr auto kStrings = std::to_array<HostileCase>({
    in_small_steps(
        "a rope of constants",
        "let s = 'x'; for (;;) s = s + 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'"),
    in_small_steps("ropes in an array",
                   "const a = []; let s = 'abcdefghij'.repeat(100); for (let i = 0;; i++) a.push(s = s + i)"),
    in_small_steps("many strings", "const a = []; for (let i = 0;; i++) a.push('string ' + i)"),
    {.name = "a string that doubles is too long before it is too large",
     .source = "let s = 'x'; for (;;) s += s",
     .code = kThrows},
    {.name = "a flat string that doubles",
     .source = "let s = 'xy'; for (;;) { s = s + s; s.charCodeAt(0); [...s] }"},
    {.name = "repeat", .source = "return 'x'.repeat(2 ** 29)"},
    {.name = "repeat past the longest string", .source = "return 'x'.repeat(2 ** 30)", .code = kThrows},
    {.name = "padEnd", .source = "return ''.padEnd(2 ** 29, 'ab')"},
    {.name = "wide characters", .source = "return '\\u4e2d'.repeat(2 ** 21)"},
    {.name = "join", .source = "return new Array(2 ** 22).join('xyz')"},
    {.name = "split", .source = "return 'a,'.repeat(500000).split(',')"},
    {.name = "replaceAll", .source = "return 'x'.repeat(200000).replaceAll('x', 'y'.repeat(100))"},
    {.name = "a template of templates",
     .source = "let s = 'x'.repeat(1000); for (;;) s = `${s}${s}`.slice(1).toUpperCase()"},
    {.name = "normalisation", .source = "return '\\ufdfa'.repeat(200000).normalize('NFKD').length"},
    {.name = "encodeURIComponent", .source = "return encodeURIComponent('\\u4e2d'.repeat(400000)).length"},
    {.name = "an iterated string", .source = "return [...'ab'.repeat(600000)]"},
});

inline constexpr auto kArrays = std::to_array<HostileCase>({
    in_small_steps("objects", "const a = []; for (;;) a.push({ x: 1 })"),
    in_small_steps("linked list", "let l = null; for (;;) l = { l }"),
    in_small_steps("a tree of arrays", "let t = []; for (;;) t = [t, [t.length]]"),
    in_small_steps("closures", "let f = () => 0; for (;;) { const g = f; f = () => g }"),
    in_small_steps("classes", "const a = []; for (;;) a.push(class { m() { } })"),
    in_small_steps("properties of one object", "const o = {}; for (let i = 0;; i++) o['k' + i] = i"),
    {.name = "fill", .source = "return new Array(1e8).fill(0)"},
    {.name = "the longest array", .source = "const a = []; a.length = 2 ** 32 - 1; a.fill(1)"},
    {.name = "from a length", .source = "return Array.from({ length: 2 ** 32 - 1 })"},
    {.name = "concat", .source = "let a = [1]; for (;;) a = a.concat(a)"},
    {.name = "flat", .source = "let a = [1, 2]; for (;;) a = [a, a].flat()"},
    {.name = "spread", .source = "let a = [1, 2]; for (;;) a = [...a, ...a]"},
    {.name = "splice", .source = "const a = [1]; for (;;) a.splice(0, 0, ...a.slice(0, 1000))"},
    {.name = "unshift", .source = "const a = []; for (;;) a.unshift(...new Array(1000).fill(a.length))"},
    {.name = "arguments",
     .source = "const a = new Array(10000).fill(1); const kept = []; (function f() { kept.push(arguments, "
               "a.slice()); f(...a) })()",
     .memory_limit_bytes = 32_MiB},
    {.name = "entries", .source = "return Object.entries(new Array(300000).fill(1))"},
    {.name = "descriptors",
     .source = "const o = {}; for (let i = 0; i < 10000; i++) o['k' + i] = i; const kept = []; for (;;) "
               "kept.push(Object.getOwnPropertyDescriptors(o))"},
});

inline constexpr auto kBuffers = std::to_array<HostileCase>({
    {.name = "one typed array", .source = "return new Uint8Array(2 ** 31 - 1)"},
    {.name = "past the longest typed array", .source = "return new Float64Array(2 ** 40)", .code = kThrows},
    in_small_steps("many typed arrays", "const a = []; for (;;) a.push(new Uint8Array(1000))"),
    {.name = "resizable, by doubling",
     .source =
         "const b = new ArrayBuffer(1, { maxByteLength: 2 ** 30 }); for (let n = 1;; n *= 2) b.resize(n)"},
    {.name = "transfer", .source = "let b = new ArrayBuffer(1); for (let n = 1;; n *= 2) b = b.transfer(n)"},
    {.name = "slice",
     .source = "const b = new ArrayBuffer(2 ** 20); const a = []; for (;;) a.push(b.slice(0))"},
    {.name = "views",
     .source = "const b = new ArrayBuffer(8, { maxByteLength: 16 }); const a = []; for (;;) a.push(new "
               "Uint8Array(b))",
     .growth = Growth::kSmallSteps},
    {.name = "typed array from an iterator",
     .source = "return Uint8Array.from((function* () { for (;;) yield 1 })())"},
    {.name = "sorting a large one",
     .source = "return new Float64Array(400000).map((_, i) => -i).toSorted().length"},
    {.name = "out of bounds after shrinking",
     .source = "const b = new ArrayBuffer(1e6, { maxByteLength: 1e6 }); const v = new Uint8Array(b, 5e5, "
               "5e5); b.resize(10); return v.with(0, 1)",
     .code = kThrows},
});

inline constexpr auto kCollections = std::to_array<HostileCase>({
    in_small_steps("map", "const m = new Map(); for (let i = 0;; i++) m.set(i, i)"),
    in_small_steps("set", "const m = new Set(); for (let i = 0;; i++) m.add('k' + i)"),
    in_small_steps("weak references", "const a = []; for (;;) a.push(new WeakRef({}))"),
    in_small_steps(
        "weak map",
        "const m = new WeakMap(), kept = []; for (;;) { const o = {}; kept.push(o); m.set(o, {}) }"),
    in_small_steps("weak set",
                   "const m = new WeakSet(), kept = []; for (;;) { const o = {}; kept.push(o); m.add(o) }"),
    in_small_steps("finalization",
                   "const r = new FinalizationRegistry(() => { }), kept = []; for (;;) { const o = {}; "
                   "kept.push(o); r.register(o, 1) }"),
    in_small_steps("symbols", "const a = []; for (let i = 0;; i++) a.push(Symbol('s' + i))"),
    in_small_steps("registered symbols", "const a = []; for (let i = 0;; i++) a.push(Symbol.for('s' + i))"),
    in_small_steps("proxies", "let p = {}; for (;;) p = new Proxy(p, {})"),
    in_small_steps("iterators", "const kept = []; for (;;) kept.push([1].values().map(x => x))"),
    in_small_steps("generators",
                   "const kept = []; function* g() { yield 1 } for (;;) { const one = g(); one.next(); "
                   "kept.push(one) }"),
    in_small_steps("bound functions", "let f = () => 1; for (;;) f = f.bind(null, 1)"),
    {.name = "grouping",
     .source = "return Object.groupBy(new Array(200000).fill(0).map((_, i) => i), i => 'g' + i)"},
    {.name = "an endless iterator into a set",
     .source = "return new Set((function* () { let i = 0; for (;;) yield i++ })())",
     .growth = Growth::kSmallSteps},
});

inline constexpr auto kNumbersAndRegexes = std::to_array<HostileCase>({
    {.name = "a BigInt that squares itself", .source = "let b = 3n; for (;;) b = b * b", .code = kThrows},
    {.name = "a BigInt shift", .source = "return String(1n << (1n << 40n))", .code = kThrows},
    in_small_steps("many BigInts", "const a = []; let b = 1n << 100000n; for (;;) a.push(b = b + 1n)"),
    {.name = "a BigInt's digits",
     .source = "const a = []; for (;;) a.push((1n << 100000n).toString(2).slice(1))",
     .growth = Growth::kSmallSteps},
    {.name = "captures", .source = "return /(?:(a)|b)*$/.exec('ab'.repeat(300000))"},
    {.name = "matches", .source = "return 'ab'.repeat(300000).match(/./g)"},
    {.name = "matchAll", .source = "return [...'ab'.repeat(300000).matchAll(/(.)/g)]"},
    {.name = "split by an expression", .source = "return 'ab'.repeat(300000).split(/b/)"},
    {.name = "a large expression", .source = "return new RegExp('a{1000}b'.repeat(2 ** 18))"},
    {.name = "too many groups", .source = "return new RegExp('(a)'.repeat(300))", .code = kThrows},
    {.name = "groups in groups",
     .source = "return new RegExp('(?:'.repeat(50000) + ')'.repeat(50000))",
     .code = kThrows},
    {.name = "classes in classes",
     .source = "return new RegExp('['.repeat(50000) + ']'.repeat(50000), 'v')",
     .code = kThrows},
    {.name = "lookaheads in lookaheads",
     .source = "return new RegExp('(?='.repeat(50000) + ')'.repeat(50000))",
     .code = kThrows},
    {.name = "backtracking",
     .source = "return /^(a+)+$/.test('a'.repeat(40) + 'b')",
     .code = ErrorCode::kTimeout,
     .is_caught = Catch::kNot,
     .timeout_ms = 100},
    in_small_steps("many expressions",
                   "const a = []; for (let i = 0;; i++) a.push(new RegExp('a(b|c)*' + i))"),
});

inline constexpr auto kJson = std::to_array<HostileCase>({
    {.name = "parse: deep",
     .source = "return JSON.parse('['.repeat(500000) + ']'.repeat(500000))",
     .code = kThrows,
     .memory_limit_bytes = 8_MiB},
    {.name = "parse: deep objects",
     .source = "return JSON.parse('{\"a\":'.repeat(200000) + '1' + '}'.repeat(200000))",
     .code = kThrows,
     .memory_limit_bytes = 8_MiB},
    {.name = "parse: wide", .source = "return JSON.parse('[' + '0,'.repeat(400000) + '0]')"},
    {.name = "parse: many keys",
     .source = "const o = []; for (let i = 0; i < 60000; i++) o.push('\"k' + i + '\":0'); return "
               "JSON.parse('{' + o.join() + '}')"},
    {.name = "stringify: deep",
     .source = "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return JSON.stringify(a)",
     .code = kThrows,
     .memory_limit_bytes = 16_MiB},
    {.name = "stringify: wide",
     .source = "const a = new Array(20000).fill('xxxxxxxxxxxxxxxx'); let s = 'x'; for (;;) s = "
               "JSON.stringify([a, a, a, s])"},
    {.name = "stringify: escapes", .source = "return JSON.stringify('\\u0001'.repeat(600000))"},
    {.name = "stringify: indentation",
     .source = "let a = [1]; for (let i = 0; i < 20; i++) a = [a, a]; return JSON.stringify(a, null, '       "
               "   ')"},
    {.name = "stringify: a result that is too large",
     .source = "return JSON.stringify(JSON.stringify(JSON.stringify(new Array(100000).fill('\"'))))"},
    {.name = "a toJSON that makes more",
     .source = "return JSON.stringify({ toJSON() { return 'x'.repeat(3e6) + 'y' } })"},
    {.name = "a toJSON without an end",
     .source = "const o = { toJSON() { return [o, o] } }; return JSON.stringify(o)",
     .code = kThrows,
     .memory_limit_bytes = 16_MiB},
    {.name = "a reviver that makes more",
     .source = "const kept = []; return JSON.parse('[' + '0,'.repeat(50000) + '0]', (k, v) => { "
               "kept.push(new Array(100).fill(k)); return v })",
     .growth = Growth::kSmallSteps},
    {.name = "a cycle", .source = "const a = {}; a.a = [a]; return JSON.stringify(a)", .code = kThrows},
});

inline constexpr auto kPromises = std::to_array<HostileCase>({
    in_small_steps("a chain of promises", "let p = Promise.resolve(); for (;;) p = p.then(() => { })"),
    in_small_steps("microtasks", "const f = () => { }; for (;;) queueMicrotask(f)"),
    {.name = "microtasks that beget two",
     .source = "const f = () => { queueMicrotask(f); queueMicrotask(f) }; f(); await new Promise(() => { })",
     .is_caught = Catch::kNot,
     .growth = Growth::kSmallSteps},
    {.name = "a promise that waits for itself",
     .source = "const f = () => Promise.resolve().then(f); await f()",
     .is_caught = Catch::kNot,
     .growth = Growth::kSmallSteps,
     .timeout_ms = 1000,
     .delivery = Delivery::kMayBeLost},
    in_small_steps(
        "async functions in wait",
        "const kept = []; const f = async (p) => { await p }; for (;;) kept.push(f(new Promise(() => { })))"),
    in_small_steps("an async chain", "const f = async () => { await null; return await f() }; await f()"),
    {.name = "all", .source = "await Promise.all(Array.from({ length: 1e6 }, () => Promise.resolve()))"},
    {.name = "a thenable that gives itself",
     .source = "const t = { then(resolve) { resolve(t) } }; await t",
     .code = ErrorCode::kTimeout,
     .is_caught = Catch::kNot,
     .timeout_ms = 100},
    {.name = "awaits without an end",
     .source = "for (;;) await null",
     .code = ErrorCode::kTimeout,
     .is_caught = Catch::kNot,
     .timeout_ms = 100},
    in_small_steps("async generators",
                   "const kept = []; async function* g() { yield 1 } for (;;) { const one = g(); one.next(); "
                   "kept.push(one) }"),
    in_small_steps("rejections", "const kept = []; for (;;) kept.push(Promise.reject(new Error('x')))"),
});

inline constexpr auto kBuiltins = std::to_array<HostileCase>({
    {.name = "structuredClone: deep",
     .source = "let a = []; for (let i = 0; i < 20000; i++) a = [a]; return structuredClone(a)",
     .code = kThrows,
     .memory_limit_bytes = 16_MiB},
    {.name = "structuredClone: large",
     .source = "const a = new Uint8Array(1e6), b = []; for (;;) b.push(structuredClone(a))"},
    in_small_steps("structuredClone: many",
                   "const o = { a: [1, 2, { b: new Map([[1, 2]]) }] }, kept = []; for (;;) "
                   "kept.push(structuredClone(o))"),
    {.name = "TextDecoder",
     .source = "return new TextDecoder().decode(new Uint8Array(1.2e6).fill(255)).length"},
    {.name = "TextDecoder: a stream",
     .source = "const d = new TextDecoder(), b = new Uint8Array(1e5).fill(65), kept = []; for (;;) "
               "kept.push(d.decode(b, { stream: true }))",
     .growth = Growth::kSmallSteps},
    {.name = "TextEncoder", .source = "return new TextEncoder().encode('\\u00ff'.repeat(1e6)).length"},
    {.name = "atob", .source = "return atob('A'.repeat(3e6)).length"},
    {.name = "btoa", .source = "return btoa('A'.repeat(2e6)).length"},
    {.name = "random bytes past the most",
     .source = "return crypto.getRandomValues(new Uint8Array(65537))",
     .code = kThrows},
    in_small_steps("errors", "const kept = []; for (;;) kept.push(new Error('x'.repeat(100)))"),
    in_small_steps("dates", "const kept = []; for (;;) kept.push(new Date().toISOString())"),
    {.name = "an error with a huge message", .source = "throw new Error('x'.repeat(1e6))", .code = kThrows},
    {.name = "an error with a huge stack",
     .source = "const e = new Error('x'); e.stack = 'handler.js:5:6\\n'.repeat(1e5); throw e",
     .code = kThrows},
    {.name = "an error whose text is too large",
     .source = "throw new Error('x'.repeat(3e6))",
     .code = kThrows},
    {.name = "a log line too large", .source = "const s = 'x'.repeat(1e6); $log(s, s, s)"},
    {.name = "an event too large",
     .source = "$emit('x', ['x'.repeat(1e6), 'y'.repeat(1e6), 'z'.repeat(1e6)])"},
    {.name = "state too large",
     .source = "const a = []; for (let i = 0; i < 100000; i++) a.push(i); $state.a = a"},
});

}  // namespace nexus::testing
