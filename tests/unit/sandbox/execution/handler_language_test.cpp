// The names that a handler has, the names that it must not have, and the conversion of its return value.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

struct Line {
  std::string_view source;
  std::string_view value;
};

void run_all(std::span<const Line> lines, const RunOptions& options = {}) {
  Sandbox sandbox;
  for (const Line& one : lines) {
    SCOPED_TRACE(one.source);
    sandbox.run(one.source, options).expect_value(one.value);
  }
}

TEST(HandlerLanguage, ArgumentsAndScopeAreDeeplyFrozen) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [$args, $scope]", R"([{"a":{"b":[1,{"c":2}]},"__proto__":5},{"tenant":{"id":"t"}}])"},
      {"return [$args, $args.a, $args.a.b, $args.a.b[1], $scope, $scope.tenant].every(Object.isFrozen)",
       "true"},
      {"const r = []; for (const f of [() => $args.a = 1, () => $args.z = 1, () => $args.a.b.push(1), () => "
       "$args.a.b[1].c = 3, () => delete $args.a, () => $scope.tenant.id = 'x', "
       "() => $args.a.b.reverse(), () => Object.defineProperty($args, 'z', { value: 1 }), () => "
       "Object.setPrototypeOf($args, null)]) try { f(); r.push('done') } catch (e) { r.push(e.name) } "
       "return [...new Set(r)]",
       R"(["TypeError"])"},
      {"return [Object.getPrototypeOf($args) === Object.prototype, $args.__proto__, "
       "Array.isArray($args.a.b)]",
       "[true,5,true]"},
      {"return [$args === $args, typeof $scope]", R"([true,"object"])"},
  });
  run_all(kLines, {.args = R"({"a":{"b":[1,{"c":2}]},"__proto__":5})", .scope = R"({"tenant":{"id":"t"}})"});
  run_all(std::to_array<Line>(
      {{"return [$args, $scope, Object.isFrozen($args), Object.isFrozen($scope)]", "[{},{},true,true]"}}));
}

TEST(HandlerLanguage, EventsAndViewCommands) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "$emit('a'); $emit('b', { x: [1, undefined, () => 1] }); $emit.toast('hello'); $emit.toast('bad', "
      "'error'); $emit(5, null)\n"
      "$view.setFilter('v', { a: 1 }); $view.scrollTo('v', 10); $view.focus('v'); $view.command('v', 'zoom', "
      "{ by: 2 }); $view.command('v', 'reset')");
  outcome.expect_success();
  std::string events, commands;
  for (const auto& event : outcome.result().journal.events)
    events += event.name + event.payload_json + " ";
  for (const auto& one : outcome.result().journal.view_commands)
    commands += one.view_id + "." + one.command + one.params_json + " ";
  EXPECT_EQ(
      events,
      R"(anull b{"x":[1,null,null]} toast{"message":"hello","level":"info"} toast{"message":"bad","level":"error"} 5null )");
  EXPECT_EQ(commands,
            R"(v.setFilter{"filter":{"a":1}} v.scrollTo{"position":10} v.focus{} v.zoom{"by":2} v.reset{} )");
  EXPECT_GT(outcome.result().journal.events[0].timestamp_ms, 1'700'000'000'000);
}

TEST(HandlerLanguage, LogLines) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "$log('a', 1, { b: [2] }, null, undefined, 3n, Symbol('s'), () => 1); $log.debug('d'); $log.info('i'); "
      "$log.warn('w'); $log.error('e'); console.log('c'); console.debug('c'); "
      "console.info('c'); console.warn('c'); console.error('c'); console.trace('c'); const cycle = {}; "
      "cycle.c = cycle; $log(cycle); $log(new Map([[1, 2]]), new Set([3])); "
      "$log({ toString() { throw 1 } }); $log(new Error('oops')); $log()");
  outcome.expect_success();
  const auto& logs = outcome.result().logs;
  ASSERT_EQ(logs.size(), 16u);
  EXPECT_EQ(logs[0].text, R"(a 1 {"b":[2]} null undefined 3n Symbol(s) [function (anonymous)])");
  const std::array levels = {LogLevel::kInfo,  LogLevel::kDebug, LogLevel::kInfo,  LogLevel::kWarn,
                             LogLevel::kError, LogLevel::kInfo,  LogLevel::kDebug, LogLevel::kInfo,
                             LogLevel::kWarn,  LogLevel::kError, LogLevel::kDebug};
  for (std::size_t i = 0; i < levels.size(); ++i)
    EXPECT_EQ(logs[i].level, levels[i]) << i;
  EXPECT_NE(logs[11].text.find("circular"), std::string::npos) << logs[11].text;
  EXPECT_EQ(logs[12].text, "[[1,2]] [3]");
  EXPECT_EQ(logs[14].text.rfind("Error: oops", 0), 0u) << logs[14].text;
  EXPECT_EQ(logs[14].text.find("<nexus>"), std::string::npos) << logs[14].text;
}

TEST(HandlerLanguage, WithoutExtensionsListIsEmpty) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [$ext.list(), $ext.exists('http')]", "[[],false]"},
      {"const r = []; for (const f of [() => $ext.http.get('x'), () => $ext.nope, () => "
       "$ext.methods('http'), () => $ext.constructor.x]) try { await f(); r.push('done') } "
       "catch (e) { r.push(e.message.startsWith('no such extension')) } return r",
       "[true,true,true,true]"},
      {"return await Promise.resolve($ext).then(x => x === $ext)", "true"},
  });
  run_all(kLines);
}

TEST(HandlerLanguage, ForbiddenNamesAreAbsent) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [typeof eval, typeof Function, typeof fetch, typeof setTimeout, typeof setInterval, typeof "
       "setImmediate, typeof clearTimeout, typeof require, typeof module, typeof exports, "
       "typeof process, typeof Buffer, typeof WebAssembly, typeof SharedArrayBuffer, typeof Atomics, typeof "
       "XMLHttpRequest, typeof WebSocket, typeof Worker, typeof Intl, typeof std, "
       "typeof os, typeof bjson, typeof print, typeof gc, typeof scriptArgs, typeof navigator, typeof "
       "window, typeof global, typeof DOMException, typeof CallSite].filter(t => t !== 'undefined')",
       "[]"},
      {"return Object.getOwnPropertyNames(globalThis).filter(n => /nexus|host|prelude|^_/i.test(n))", "[]"},
      {"return Reflect.ownKeys(globalThis).filter(n => typeof n === 'symbol').map(String)",
       R"x(["Symbol(Symbol.toStringTag)"])x"},
      {"return Object.keys(globalThis).filter(n => !n.startsWith('$') && n !== 'performance')", "[]"},
      {"const makers = [function () { }, async function () { }, function* () { }, async function* () { }, () "
       "=> 1, async () => 1, class { }, class extends Array { }, "
       "{ m() { } }.m, { async m() { } }.m, { *m() { } }.m, Object.getOwnPropertyDescriptor({ get a() { "
       "return 1 } }, 'a').get, (() => 1).bind(null), Math.max, Array.prototype.map, "
       "Promise.resolve, new Proxy(() => 1, { }), Object.getPrototypeOf(Uint8Array), $emit, $log, "
       "$view.focus, $state.get, console.log, crypto.randomUUID, structuredClone, TextDecoder, "
       "queueMicrotask, Object.getPrototypeOf(function* () { }()).next, Object.getPrototypeOf(async "
       "function* () { }()).next]; "
       "const reached = []; makers.forEach((maker, i) => { for (let o = maker; o; o = "
       "Object.getPrototypeOf(o)) { const c = Object.getOwnPropertyDescriptor(o, 'constructor'); "
       "const f = c && (c.value ?? c.get); if (typeof f !== 'function' || f === Object) continue; for (const "
       "make of [() => f('return 42')(), () => new f('return 42')(), "
       "() => Reflect.construct(f, ['return 42'])(), () => Reflect.construct(Object, ['return 42'], f)(), () "
       "=> f.call(null, 'return 42')(), () => f.apply(null, ['return 42'])()]) "
       "try { if (make() === 42) reached.push(i) } catch { } } }); return reached",
       "[]"},
      {"const r = []; for (const f of [() => (() => 1).constructor('return 1')(), () => (async () => "
       "1).constructor('return 1')(), () => (function* () { }).constructor('yield 1')().next(), "
       "() => (async function* () { }).constructor('yield 1')(), () => (class { }).constructor('return "
       "1')(), () => Object.getPrototypeOf(async () => { }).constructor('return 1')(), "
       "() => [].at.constructor('return 1')(), () => ({}).constructor.constructor('return 1')(), () => "
       "$state.get.constructor('return 1')(), () => globalThis.eval('1'), () => (0, "
       "globalThis['eval'])('1'), "
       "() => Reflect.construct(Object.getPrototypeOf(function () { }).constructor, ['return 1'])(), () => "
       "new (Object.getPrototypeOf(() => 1).constructor)('return 1')()]) "
       "try { r.push(f()) } catch (e) { r.push(e.name) } return [...new Set(r)]",
       R"(["TypeError"])"},
      {"const r = []; for (const f of [() => import('x'), () => import('data:text/javascript,export default "
       "1'), () => import('handler.js'), () => import('<nexus>')]) "
       "try { await f(); r.push('done') } catch (e) { r.push(e.message.includes('bundle')) } return r",
       "[true,true,true,true]"},
      {"const own = Object.getOwnPropertyNames(globalThis).filter(n => "
       "!/"
       "^(Object|Error|.*Error|Iterator|.*Iterator|Array|parse(Int|Float)|is(NaN|Finite)|queueMicrotask|(en|"
       "de)codeURI(Component)?|(un)?escape|"
       "Infinity|NaN|undefined|Number|Boolean|String|Math|Reflect|Symbol|globalThis|RegExp|JSON|Proxy|Map|"
       "Set|Weak(Map|Set|Ref)|FinalizationRegistry|ArrayBuffer|.*Array|DataView|Promise|BigInt|Date|"
       "performance|"
       "DisposableStack|AsyncDisposableStack|crypto|structuredClone|Text(En|De)coder|atob|btoa|console|\\$("
       "args|state|scope|emit|view|ext|log|time))$/.test(n)); return own",
       "[]"},
  });
  run_all(kLines);
}

TEST(HandlerLanguage, ErrorOfForbiddenNameSuggestsReplacement) {
  Sandbox sandbox;
  for (const auto& [use, hint] : std::to_array<std::pair<std::string_view, std::string_view>>(
           {{"eval('1')", "handler is loaded"},
            {"new Function('1')", "handler is loaded"},
            {"fetch('x')", "$ext.http"},
            {"setTimeout(() => 1, 1)", "$ext.timer"},
            {"setInterval(() => 1, 1)", "interval"},
            {"require('fs')", "bundle"},
            {"process.env", "$args"},
            {"Buffer.from('x')", "Uint8Array"},
            {"WebAssembly.compile()", "JavaScript"},
            {"new SharedArrayBuffer(1)", "ArrayBuffer"},
            {"Atomics.load()", "one thread"},
            {"new Intl.NumberFormat()", "locale"},
            {"localStorage.x", "$state"}})) {
    SCOPED_TRACE(use);
    sandbox.run(use)
        .expect(ErrorCode::kExecutionError)
        .expect_message("is not defined: ")
        .expect_message(hint)
        .expect_at(1, use.starts_with("new ") ? 5 : 1);
  }
}

TEST(HandlerLanguage, ReturnValueBecomesJson) {
  constexpr auto kLines = std::to_array<Line>({
      {"return undefined", ""},
      {"return () => 1", ""},
      {"return Symbol('x')", ""},
      {"return null", "null"},
      {"return NaN", "null"},
      {"return -Infinity", "null"},
      {"return -0", "0"},
      {"return [undefined, () => 1, Symbol('x'), NaN, -0]", "[null,null,null,null,0]"},
      {"return { a: undefined, b: () => 1, c: Symbol('x'), d: NaN, [Symbol('k')]: 1 }", R"({"d":null})"},
      {"return new Date(0)", R"("1970-01-01T00:00:00.000Z")"},
      {"return new Date(NaN)", "null"},
      {"return { toJSON(key) { return [key] } }", R"([""])"},
      {"return { toJSON() { } }", ""},
      {"return new Map([[1, 2]])", "{}"},
      {"return new Uint8Array(2)", R"({"0":0,"1":0})"},
      {"return new Error('x')", "{}"},
      {"return Object(1n) instanceof BigInt", "true"},
      {"return [Object('s'), Object(1), Object(true)]", R"(["s",1,true])"},
      {"return 1e21", "1e+21"},
      {"return 0.1 + 0.2", "0.30000000000000004"},
      {"return '\\ud83d\\ude00'", "\"\xf0\x9f\x98\x80\""},
      {"return ['\\ud800', '\\udc00x']", R"(["\ufffd","\ufffdx"])"},
      {"return { '\\ud800': 1 }", R"({"\ufffd":1})"},
      {"return '\\u0000\\n\"\\\\'", R"("\u0000\n\"\\")"},
      {"return { __proto__: { inherited: 1 }, own: 1 }", R"({"own":1})"},
      {"return Object.create({ inherited: 1 })", "{}"},
      {"return { ['__proto__']: 1 }", R"({"__proto__":1})"},
      {"return [, 1]", "[null,1]"},
      {"return new Proxy([1, 2], { })", "[1,2]"},
      {"return $state", "{}"},
      {"return { then: 5 }", R"({"then":5})"},
      {"return JSON.rawJSON ? 1 : 1", "1"},
  });
  run_all(kLines);
  Sandbox sandbox;
  for (const std::string_view source : {"const a = {}; a.a = a; return a", "return 1n", "return [[1n]]",
                                        "return { toJSON() { throw new TypeError('no') } }",
                                        "return { get a() { throw new TypeError('no') } }",
                                        "return new Proxy({ }, { ownKeys() { throw new TypeError('no') } })",
                                        "return { get then() { throw new TypeError('no') } }"}) {
    SCOPED_TRACE(source);
    sandbox.run(source).expect(ErrorCode::kExecutionError).expect_message("TypeError");
  }
}

TEST(HandlerLanguage, PromisesAndThenables) {
  constexpr auto kLines = std::to_array<Line>({
      {"return Promise.resolve(Promise.resolve(3))", "3"},
      {"return { then(resolve) { resolve(9) } }", "9"},
      {"return { then(resolve) { resolve({ then(r) { r(10) } }) } }", "10"},
      {"return await { then(resolve) { resolve(9) } }", "9"},
      {"return Promise.all([1, Promise.resolve(2), { then(r) { r(3) } }])", "[1,2,3]"},
      {"return (await Promise.allSettled([Promise.reject(1), 2])).map(r => r.status)",
       R"(["rejected","fulfilled"])"},
      {"return Promise.race([new Promise(() => { }), Promise.resolve(1)])", "1"},
      {"const { promise, resolve } = Promise.withResolvers(); queueMicrotask(() => resolve(4)); return "
       "promise",
       "4"},
      {"const order = []; queueMicrotask(() => order.push(2)); Promise.resolve().then(() => order.push(3)); "
       "order.push(1); await null; await null; return order",
       "[1,2,3]"},
      {"let late = 'no'; Promise.resolve().then(() => { late = 'ran'; $state.late = 1 }); return 1", "1"},
      {"Promise.reject(new Error('nobody looks')); return 1", "1"},
      {"return (async () => { throw 1 })().catch(e => e + 1)", "2"},
      {"async function* g() { yield 1; yield 2 } const all = []; for await (const x of g()) all.push(x); "
       "return all",
       "[1,2]"},
      {"return Array.fromAsync([Promise.resolve(1), 2])", "[1,2]"},
  });
  run_all(kLines);
}

TEST(HandlerLanguage, UnsettleablePromiseFailsAsPending) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"await new Promise(() => { })", "return new Promise(() => { })", "return { then() { } }",
        "return Promise.race([])", "await (async () => { await new Promise(() => { }) })()",
        "async ($) => await new Promise(() => { })",
        "for await (const x of (async function* () { await new Promise(() => { }) })()) return 1"}) {
    SCOPED_TRACE(source);
    sandbox.run(source).expect(ErrorCode::kExecutionError).expect_message("waits for nothing");
  }
}

TEST(HandlerLanguage, UncatchableErrorEndsExecution) {
  Sandbox sandbox;
  sandbox.run("queueMicrotask(() => { throw new TypeError('in a task') }); await null; return 1")
      .expect(ErrorCode::kExecutionError)
      .expect_message("in a task")
      .expect_at(1, 34);
  sandbox.run("const f = () => { const a = []; for (;;) a.push({}) }; queueMicrotask(f); return 1")
      .expect(ErrorCode::kMemoryLimit);
  RunOptions options;
  options.limits.max_events = 0;
  sandbox.run("queueMicrotask(() => $emit('x')); return 1", options).expect(ErrorCode::kResourceLimit);
}

}  // namespace
}  // namespace nexus::testing
