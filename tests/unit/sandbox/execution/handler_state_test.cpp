// $state as handlers see it, and the journal of an execution.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

struct Use {
  std::string_view source;
  std::string_view value;
  std::string_view journal = "";  // KEY=JSON or KEY- for each mutation, separated by spaces
};

std::string journal_of(const Outcome& outcome) {
  std::string text;
  for (const auto& mutation : outcome.result().journal.mutations) {
    if (!text.empty()) text += ' ';
    text += mutation.key + (mutation.json ? "=" + *mutation.json : "-");
  }
  return text;
}

void run_all(std::span<const Use> uses, const RunOptions& options) {
  Sandbox sandbox;
  for (const Use& one : uses) {
    SCOPED_TRACE(one.source);
    const Outcome outcome = sandbox.run(one.source, options);
    outcome.expect_value(one.value);
    EXPECT_EQ(journal_of(outcome), one.journal);
  }
}

TEST(HandlerState, Arrays) {
  constexpr auto kUses = std::to_array<Use>({
      {"$state.l.push(2, 3); return [$state.l.length, Array.isArray($state.l)]", "[6,true]",
       "l=[3,1,2,4,2,3]"},
      {"return [$state.l.splice(1, 2, 'a'), $state.l]", R"([[1,2],[3,"a",4]])", R"(l=[3,"a",4])"},
      {"$state.l.sort(); return $state.l", "[1,2,3,4]", "l=[1,2,3,4]"},
      {"$state.l.reverse(); return $state.l", "[4,2,1,3]", "l=[4,2,1,3]"},
      {"return [$state.l.shift(), $state.l.unshift(9, 8), $state.l.pop(), $state.l]", "[3,5,4,[9,8,1,2]]",
       "l=[9,8,1,2]"},
      {"const l = $state.l; return [l.map(x => x * 2), l.filter(x => x > 2), [...l], l.includes(2), "
       "l.indexOf(4), l.slice(2), l.concat([5]), l.join('-'), l.at(-1), "
       "l.reduce((a, b) => a + b), l.toSorted(), l.find(x => x > 3), l.flatMap(x => [x]), "
       "l.entries().next().value]",
       R"([[6,2,4,8],[3,4],[3,1,2,4],true,3,[2,4],[3,1,2,4,5],"3-1-2-4",4,10,[1,2,3,4],4,[3,1,2,4],[0,3]])"},
      {"return [JSON.stringify($state.l), $state.l.length, Object.keys($state.l), 0 in $state.l, 9 in "
       "$state.l]",
       R"(["[3,1,2,4]",4,["0","1","2","3"],true,false])"},
      {"$state.l.length = 1; return $state.l", "[3]", "l=[3]"},
      {"$state.l[5] = 1; return [$state.l.length, $state.l]", "[6,[3,1,2,4,null,1]]", "l=[3,1,2,4,null,1]"},
      {"$state.l.copyWithin(0, 2); $state.l.fill(7, 3); return 1", "1", "l=[2,4,2,7]"},
      {"delete $state.l[0]; return $state.l[0] ?? 'hole'", "\"hole\"", "l=[null,1,2,4]"},
      {"$state.l[0] = undefined; $state.l.push(undefined); return [$state.l[0], $state.l[4], "
       "$state.l.length]",
       "[null,null,5]", "l=[null,1,2,4,null]"},
      {"const first = $state.o[1]; $state.o.sort((a, b) => a.n - b.n); return [$state.o, first === "
       "$state.o[0]]",
       R"([[{"n":1},{"n":2}],true])", R"(o=[{"n":1},{"n":2}])"},
      {"const [x, y] = $state.o; $state.o[0] = y; $state.o[1] = x; x.n = 10; return $state.o[1] === x",
       "true", R"(o=[{"n":1},{"n":10}])"},
      {"const o = $state.o; [o[0], o[1]] = [o[1], o[0]]; return 1", "1", R"(o=[{"n":1},{"n":2}])"},
      {"const gone = $state.o.shift(); gone.n = 5; return [gone.n, $state.o.length]", "[5,1]",
       R"(o=[{"n":1}])"},
      {"for (const x of $state.o) x.seen = true; return $state.o.every(x => x.seen)", "true",
       R"(o=[{"n":2,"seen":true},{"n":1,"seen":true}])"},
      {"$state.l = []; $state.l.push(1); return $state.l", "[1]", "l=[1]"},
      {"return [$state.l instanceof Array, Object.prototype.toString.call($state.l), `${$state.l}`]",
       R"([true,"[object Array]","3,1,2,4"])"},
  });
  run_all(kUses, {.state = R"({"l":[3,1,2,4],"o":[{"n":2},{"n":1}]})"});
}

TEST(HandlerState, Objects) {
  constexpr auto kUses = std::to_array<Use>({
      {"$state.a.b.c++; return $state.a.b.c", "2", R"(a={"b":{"c":2}})"},
      {"$state.a.b.d = { x: [1] }; $state.a.b.d.x.push(2); delete $state.a.b.c; return $state.a",
       R"({"b":{"d":{"x":[1,2]}}})", R"(a={"b":{"d":{"x":[1,2]}}})"},
      {"return ['a' in $state, 'z' in $state, 'b' in $state.a, 'z' in $state.a, Object.keys($state), "
       "Object.keys($state.a)]",
       R"([true,false,true,false,["a","n"],["b"]])"},
      {"return [JSON.stringify($state), Object.entries($state), { ...$state }, $state.z, $state.a.z]",
       R"(["{\"a\":{\"b\":{\"c\":1}},\"n\":1}",[["a",{"b":{"c":1}}],["n",1]],{"a":{"b":{"c":1}},"n":1},null,null])"},
      {"const k = []; for (const x in $state) k.push(x); return [k, Object.hasOwn($state, 'a'), "
       "Object.getOwnPropertyDescriptor($state, 'n')]",
       R"([["a","n"],true,{"value":1,"writable":true,"enumerable":true,"configurable":true}])"},
      {"delete $state.n; return ['n' in $state, $state.n, Object.keys($state)]", R"([false,null,["a"]])",
       "n-"},
      {"delete $state.z; return 1", "1"},
      {"$state.n = undefined; $state.a.b.c = undefined; return ['n' in $state, 'c' in $state.a.b, "
       "JSON.stringify($state)]",
       R"([false,false,"{\"a\":{\"b\":{}}}"])", R"(n- a={"b":{}})"},
      {"$state.n = 2; $state.m = 1; $state.n = 3; delete $state.m; return 1", "1", "n=3 m-"},
      {"$state.a.b.c = 1; return 1", "1"},
      {"Object.assign($state, { n: 2, m: { x: 1 } }); $state.m.y = 2; return $state.m", R"({"x":1,"y":2})",
       R"(n=2 m={"x":1,"y":2})"},
      {"return [$state === $state, $state.a === $state.a, $state.a.b === $state.a.b]", "[true,true,true]"},
      {"const a = $state.a; a.x = 1; return [a === $state.a, $state.a.x]", "[true,1]",
       R"(a={"b":{"c":1},"x":1})"},
      {"const o = { x: [1] }; $state.m = o; o.x.push(2); return [$state.m.x.length, $state.m === o]",
       "[1,false]", R"(m={"x":[1]})"},
      {"$state.m = $state.a; $state.m.b.c = 2; return $state.a.b.c", "1", R"(m={"b":{"c":2}})"},
      {"const b = $state.a.b; delete $state.a.b; $state.a.moved = b; b.c = 2; return $state.a",
       R"({"moved":{"c":2}})", R"(a={"moved":{"c":2}})"},
      {"$state['']= 1; return [$state[''], Object.keys($state)]", R"([1,["a","n",""]])", "=1"},
      {"$state[1] = 'one'; return [$state['1'], Object.keys($state)]", R"(["one",["a","n","1"]])",
       "1=\"one\""},
      {"const c = structuredClone($state.a); c.b.c = 2; return [c, $state.a]",
       R"([{"b":{"c":2}},{"b":{"c":1}}])"},
      {"const a = $state.a; await null; a.x = 2; return $state.a.x", "2", R"(a={"b":{"c":1},"x":2})"},
      {"Object.defineProperty($state, 'm', { value: 1 }); return $state.m", "1", "m=1"},
      {"return typeof $state + String($state[Symbol.iterator])", "\"objectundefined\""},
  });
  run_all(kUses, {.state = R"({"a":{"b":{"c":1}},"n":1})"});
}

// A node taken from $state stands for its path: after its key got another value, it shows that value.
TEST(HandlerState, NodesFollowTheirKeys) {
  constexpr auto kUses = std::to_array<Use>({
      {"const a = $state.a; $state.a = { x: 9 }; return [a.x, a === $state.a, (a.x = 7, $state.a.x)]",
       "[9,true,7]", R"(a={"x":7})"},
      {"const a = $state.a; $state.a = a; a.x = 5; return [$state.a.x, a === $state.a]", "[5,true]",
       R"(a={"x":5,"y":{"z":1}})"},
      {"const a = $state.a; delete $state.a; try { a.x = 5 } catch (e) { return [e.name, 'a' in $state] }",
       R"(["TypeError",false])", "a-"},
      {"const a = $state.a; $state.a = 3; try { return a.x } catch (e) { return [e.name, $state.a] }",
       R"(["TypeError",3])", "a=3"},
      {"const y = $state.a.y; $state.a = { y: { z: 2 } }; y.z++; return $state.a", R"({"y":{"z":3}})",
       R"(a={"y":{"z":3}})"},
      {"const a = $state.a; delete $state.a; $state.a = { back: 1 }; return a.back", "1", R"(a={"back":1})"},
      {"const a = $state.a; $state.a = [1]; return [Array.isArray(a), a.length]", "[true,1]", "a=[1]"},
      {"return $state.update('a', a => { a.x = 2; return a }).x + $state.a.x", "4",
       R"(a={"x":2,"y":{"z":1}})"},
  });
  run_all(kUses, {.state = R"({"a":{"x":1,"y":{"z":1}}})"});
}

TEST(HandlerState, Methods) {
  constexpr auto kUses = std::to_array<Use>({
      {"return [$state.get('n'), $state.get('z'), $state.has('n'), $state.has('z'), $state.keys()]",
       R"([1,null,true,false,["n","get","constructor","__proto__","toString","hasOwnProperty"]])"},
      {"$state.set('m', { x: 1 }); return $state.get('m') === $state.m", "true", R"(m={"x":1})"},
      {"return [$state.delete('n'), $state.delete('n'), $state.delete('z')]", "[true,false,false]", "n-"},
      {"return [$state.update('n', n => n + 1), $state.n, $state.update('m', m => m ?? 'new')]",
       R"([2,2,"new"])", R"(n=2 m="new")"},
      {"return [$state.update('n', () => undefined), 'n' in $state]", "[null,false]", "n-"},
      {"try { $state.update('n', () => { throw new Error('no') }) } catch (e) { return [e.message, $state.n] "
       "}",
       R"(["no",1])"},
      {"return ['get', 'set', 'delete', 'has', 'keys', 'update'].map(k => typeof $state[k])",
       R"(["function","function","function","function","function","function"])"},
      {"return [$state.get('get'), $state.has('get'), $state.has('set')]", "[2,true,false]"},
      {"$state.set('keys', 5); return [$state.get('keys'), typeof $state.keys]", R"([5,"function"])",
       "keys=5"},
      {"try { $state.set = 1 } catch (e) { return e.name }", "\"TypeError\""},
      {"return [$state.constructor, $state.__proto__, $state.toString, $state.hasOwnProperty]", "[3,4,5,6]"},
      {"$state.constructor = 7; $state.__proto__ = { a: 1 }; $state.valueOf = 8; return [$state.constructor, "
       "$state.__proto__, $state.a, Object.keys($state).length]",
       R"([7,{"a":1},null,7])", R"(constructor=7 __proto__={"a":1} valueOf=8)"},
      {"$state.o = {}; $state.o.__proto__ = { z: 1 }; $state.o.constructor = 5; return [$state.o.z, "
       "Object.keys($state.o)]",
       R"([null,["__proto__","constructor"]])", R"(o={"__proto__":{"z":1},"constructor":5})"},
  });
  run_all(kUses,
          {.state = R"({"n":1,"get":2,"constructor":3,"__proto__":4,"toString":5,"hasOwnProperty":6})"});
}

TEST(HandlerState, ValuesAreJson) {
  constexpr auto kUses = std::to_array<Use>({
      {"$state.x = NaN; $state.y = -0; return [$state.x, Object.is($state.y, 0)]", "[null,true]",
       "x=null y=0"},
      {"$state.a.x = NaN; $state.a.y = -0; $state.a.z = Infinity; return [$state.a.x, Object.is($state.a.y, "
       "0), $state.a.z]",
       "[null,true,null]", R"(a={"x":null,"y":0,"z":null})"},
      {"$state.d = new Date(0); $state.a.d = new Date(0); return [$state.d, $state.a.d]",
       R"(["1970-01-01T00:00:00.000Z","1970-01-01T00:00:00.000Z"])",
       R"(d="1970-01-01T00:00:00.000Z" a={"d":"1970-01-01T00:00:00.000Z"})"},
      {"$state.m = new Map([[1, 2]]); $state.o = { f() { }, s: Symbol(), u: undefined, x: 1 }; return "
       "$state.o",
       R"({"x":1})", R"(m={} o={"x":1})"},
      {"$state.t = { toJSON() { return 5 } }; return $state.t", "5", "t=5"},
      {"$state.t = 1; $state.t = { toJSON() { } }; $state.a.t = { toJSON() { } }; return ['t' in $state, 't' "
       "in $state.a]",
       "[false,false]", "t-"},
      {"$state.s = '\\ud800x'; return 1", "1", R"(s="\ufffdx")"},
      {"const r = []; for (const f of [() => $state.f = () => 1, () => $state.a.f = () => 1, () => $state.s "
       "= Symbol(), () => $state.a.s = Symbol(), () => $state.b = 1n, "
       "() => $state.a.b = 1n, () => $state[Symbol('k')] = 1, () => $state.a[Symbol('k')] = 1, () => { const "
       "c = {}; c.c = c; $state.c = c }, () => $state.a.self = $state.a, "
       "() => Object.defineProperty($state, 'g', { get() { return 1 } }), () => Object.freeze($state), () => "
       "Object.seal($state)]) "
       "try { f(); r.push('done') } catch (e) { r.push(e.name) } return new Set(r).size + r[0] + "
       "Object.keys($state) + Object.keys($state.a)",
       R"("1TypeErrora")"},
  });
  run_all(kUses, {.state = R"({"a":{}})"});
}

TEST(HandlerState, AnErrorDiscardsAllChanges) {
  Sandbox sandbox;
  const Outcome outcome =
      sandbox.run("$state.a = 1; $state.b.push(1); $emit('x'); $view.focus('v'); throw new Error('no')",
                  {.state = R"({"b":[]})"});
  outcome.expect(ErrorCode::kExecutionError);
  EXPECT_TRUE(outcome.result().journal.mutations.empty());
  EXPECT_TRUE(outcome.result().journal.events.empty());
  EXPECT_TRUE(outcome.result().journal.view_commands.empty());
}

TEST(HandlerState, FirstReadIsOneHostCallAndNestedReadsAreFree) {
  Sandbox sandbox;
  const Outcome outcome =
      sandbox.run("let n = 0; for (let i = 0; i < 100; i++) n += $state.a.b[i % 3].c; return n",
                  {.state = R"({"a":{"b":[{"c":1},{"c":2},{"c":3}]}})"});
  outcome.expect_value("199");
  EXPECT_EQ(outcome.result().metrics.host_calls.total(), 1u);
}

TEST(HandlerState, UnreadableKeysAreInvisible) {
  constexpr auto kUses = std::to_array<Use>({
      {"return [Object.keys($state), 'secret' in $state, JSON.stringify($state), $state.has('secret'), "
       "$state.keys(), { ...$state }]",
       R"([["open"],false,"{\"open\":{\"x\":1,\"l\":[1]}}",false,["open"],{"open":{"x":1,"l":[1]}}])"},
      {"const k = []; for (const x in $state) k.push(x); return [k, Object.hasOwn($state, 'secret'), "
       "Object.getOwnPropertyDescriptor($state, 'secret') === undefined]",
       R"([["open"],false,true])"},
      {"const r = []; for (const f of [() => $state.secret, () => $state.get('secret'), () => "
       "$state.update('secret', x => x), () => $state.secret.deep]) "
       "try { f(); r.push('read') } catch (e) { r.push(e.name, e instanceof Error) } return r",
       R"(["PermissionDenied",true,"PermissionDenied",true,"PermissionDenied",true,"PermissionDenied",true])"},
      {"const r = []; for (const f of [() => $state.open = 1, () => delete $state.open, () => "
       "$state.set('open', 1), () => $state.open.x = 2, () => delete $state.open.x, "
       "() => $state.open.l.push(1), () => $state.open.l.length = 0, () => $state.fresh = 1, () => "
       "$emit('x'), () => $emit.toast('x'), () => $view.focus('v'), "
       "() => $view.command('v', 'c')]) try { f(); r.push('done') } catch (e) { r.push(e.name) } return "
       "[[...new Set(r)], $state.open]",
       R"([["PermissionDenied"],{"x":1,"l":[1]}])"},
  });
  run_all(kUses, {.state = R"({"open":{"x":1,"l":[1]},"secret":2})", .capabilities = {"state:read:open"}});
}

TEST(HandlerState, AnUncaughtRefusalNamesTheCapability) {
  Sandbox sandbox;
  const RunOptions options{.state = R"({"a":1})", .capabilities = {"state:read:a", "state:write:w*"}};
  sandbox.run("return $state.b", options).expect(ErrorCode::kPermissionDenied).expect_message("state:read:b");
  sandbox.run("$state.b = 1", options).expect(ErrorCode::kPermissionDenied).expect_message("state:write:b");
  sandbox.run("$state.w1 = 1; return 1", options).expect_value("1");
  sandbox.run("$emit('e')", options).expect(ErrorCode::kPermissionDenied).expect_message("events:emit:e");
  sandbox.run("$view.scrollTo('v', 1)", options)
      .expect(ErrorCode::kPermissionDenied)
      .expect_message("view:update:v");
  sandbox.run("await null; $emit('e')", options).expect(ErrorCode::kPermissionDenied);
  sandbox.run("try { $emit('e') } catch (e) { throw new Error('other', { cause: e }) }", options)
      .expect(ErrorCode::kExecutionError)
      .expect_message("other");
}

// Keys are JSON texts too, in which lone surrogates become U+FFFD: such keys must be equal everywhere.
TEST(HandlerState, LoneSurrogateKeyIsOneKey) {
  Sandbox sandbox;
  const Outcome outcome =
      sandbox.run("$state['\\udc00k'] = 1; $state['\\ud800k'] = 2; return Object.keys($state)");
  outcome.expect_value("[\"\xef\xbf\xbdk\"]");
  ASSERT_EQ(outcome.result().journal.mutations.size(), 1u);
  EXPECT_EQ(outcome.result().journal.mutations[0].key, "\xef\xbf\xbdk");
}

}  // namespace
}  // namespace nexus::testing
