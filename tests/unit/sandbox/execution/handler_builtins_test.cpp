// Time, randomness, text and the other standard names.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

struct Line {
  std::string_view source;
  std::string_view value;
};

void run_all(std::span<const Line> lines) {
  Sandbox sandbox;
  for (const Line& one : lines) {
    SCOPED_TRACE(one.source);
    sandbox.run(one.source).expect_value(one.value);
  }
}

TEST(HandlerBuiltins, RandomnessIsFreshPerExecutionAndConstantAtLoad) {
  Sandbox sandbox;
  const std::string source =
      "const atLoad = [Math.random(), crypto.randomUUID(), ...crypto.getRandomValues(new "
      "Uint8Array(4))].join()\n"
      "export default ({ $args }) => $args.load ? atLoad : [Math.random(), crypto.randomUUID(), "
      "crypto.getRandomValues(new Uint32Array(2))[1]].join()";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i)
    seen.insert(sandbox.run_image(*image, source).result().return_json);
  EXPECT_EQ(seen.size(), 50u);
  const std::string first =
      sandbox.run_image(*image, source, {.args = R"({"load":true})"}).result().return_json;
  // A different comment gives a different image of the same code.
  sandbox.run(source + "\n// again", {.args = R"({"load":true})"}).expect_value(first);
  // Each source of randomness is fresh by itself.
  for (const std::string_view part :
       {"Math.random()", "crypto.randomUUID()", "crypto.getRandomValues(new BigUint64Array(1)).join()",
        "[1,2,3,4,5,6,7,8,9,10,11,12].map(() => Math.random())"}) {
    SCOPED_TRACE(part);
    const std::string body = "return " + std::string(part);
    const auto other = sandbox.load(body);
    ASSERT_TRUE(other.has_value());
    EXPECT_NE(sandbox.run_image(*other, body).result().return_json,
              sandbox.run_image(*other, body).result().return_json);
  }
}

TEST(HandlerBuiltins, TimeIsConstantAtLoadAndTheClockAtExecution) {
  Sandbox sandbox;
  sandbox.run("const t = [Date.now(), new Date().toISOString(), performance.now()]\nexport default () => t")
      .expect_value(R"([1577836800000,"2020-01-01T00:00:00.000Z",0])");
  sandbox
      .run(
          "export default () => { const times = [Date.now(), $time.now(), Date.now()]; "
          "return [times[0] > 1.7e12, times[0] <= times[1] && times[1] <= times[2], "
          "performance.now() < 1e6, Number.isInteger(performance.now()), new Date().getTimezoneOffset()] }")
      .expect_value("[true,true,true,true,0]");
  sandbox
      .run(
          "const t = performance.now(); while (performance.now() < t + 3); return performance.now() - t >= 3")
      .expect_value("true");
  sandbox.run("return [new Date(2020, 0, 1).toISOString(), new Date('2020-01-01T00:00').getHours()]")
      .expect_value(R"(["2020-01-01T00:00:00.000Z",0])");
}

TEST(HandlerBuiltins, Crypto) {
  constexpr auto kLines = std::to_array<Line>({
      {"return "
       "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
       "true"},
      {"const v = new Uint8Array(10).subarray(2, 5); return crypto.getRandomValues(v) === v && new "
       "Uint8Array(v.buffer)[0] === 0 && new Uint8Array(v.buffer)[9] === 0",
       "true"},
      {"return crypto.getRandomValues(new Uint8Array(0)).length", "0"},
      {"return new Set(crypto.getRandomValues(new Uint8Array(65536))).size", "256"},
      {"const r = []; for (const f of [() => crypto.getRandomValues(new Float32Array(1)), () => "
       "crypto.getRandomValues([1]), () => crypto.getRandomValues(new DataView(new ArrayBuffer(1)))]) "
       "try { f(); r.push('done') } catch (e) { r.push(e.name) } return r",
       R"(["TypeError","TypeError","TypeError"])"},
      {"try { crypto.getRandomValues(new Uint8Array(65537)) } catch (e) { return e.name }", "\"RangeError\""},
  });
  run_all(kLines);
}

TEST(HandlerBuiltins, TextEncoder) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [...new TextEncoder().encode('a\\u00e9\\u4e2d\\ud83d\\ude00')]",
       "[97,195,169,228,184,173,240,159,152,128]"},
      {"return [...new TextEncoder().encode('\\ud800x\\udc00')]", "[239,191,189,120,239,191,189]"},
      {"return [[...new TextEncoder().encode()], [...new TextEncoder().encode('')], new "
       "TextEncoder().encoding, [...new TextEncoder().encode(null)].length, [...new "
       "TextEncoder().encode('\\0')]]",
       R"([[],[],"utf-8",4,[0]])"},
      {"const t = new Uint8Array(5); return [new TextEncoder().encodeInto('a\\u4e2d\\u4e2d', t), [...t]]",
       R"([{"read":2,"written":4},[97,228,184,173,0]])"},
      {"const t = new Uint8Array(4); return [new TextEncoder().encodeInto('\\ud83d\\ude00x', t), [...t]]",
       R"([{"read":2,"written":4},[240,159,152,128]])"},
  });
  run_all(kLines);
}

TEST(HandlerBuiltins, TextDecoder) {
  constexpr auto kLines = std::to_array<Line>({
      {"return new TextDecoder().decode(new Uint8Array([97, 195, 169, 240, 159, 152, 128]))",
       "\"a\xc3\xa9\xf0\x9f\x98\x80\""},
      {"return new TextDecoder().decode(new Uint8Array([255, 97, 192, 128, 237, 160, 128, 244, 144, 128, "
       "128])).replace(/\\ufffd/g, '?')",
       R"("?a?????????")"},
      {"return [[226, 130], [240, 159, 152], [226, 40, 161], [240, 144, 128, 65], [194]].map(b => new "
       "TextDecoder().decode(new Uint8Array(b)).replace(/\\ufffd/g, '?'))",
       R"(["?","?","?(?","?A","?"])"},
      {"return [new TextDecoder().decode(), new TextDecoder().decode(new ArrayBuffer(0)), new "
       "TextDecoder().decode(new Uint8Array([0x20, 0x41]).buffer), "
       "new TextDecoder().decode(new DataView(new Uint8Array([1, 66, 67]).buffer, 1)), new "
       "TextDecoder().decode(new Uint16Array([0x4241]))]",
       R"(["",""," A","BC","AB"])"},
      {"return [new TextDecoder().decode(new Uint8Array([239, 187, 191, 65])).length, new "
       "TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array([239, 187, 191, 65])).length]",
       "[1,2]"},
      {"const r = []; for (const b of [[255], [226, 130], [237, 160, 128], [192, 128]]) try { new "
       "TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(b)); r.push('done') } "
       "catch (e) { r.push(e.name) } return r",
       R"(["TypeError","TypeError","TypeError","TypeError"])"},
      {"const d = new TextDecoder(); let s = ''; for (const b of [240, 159, 152, 128, 226, 130, 172, 65]) s "
       "+= d.decode(new Uint8Array([b]), { stream: true }); return s + d.decode()",
       "\"\xf0\x9f\x98\x80\xe2\x82\xac"
       "A\""},
      {"const d = new TextDecoder(); return (d.decode(new Uint8Array([226, 130]), { stream: true }) + "
       "d.decode() + d.decode(new Uint8Array([65]))).replace(/\\ufffd/g, '?')",
       "\"?A\""},
      {"const d = new TextDecoder('utf-8', { fatal: true }); d.decode(new Uint8Array([226]), { stream: true "
       "}); return d.decode(new Uint8Array([130, 172]), { stream: true })",
       "\"\xe2\x82\xac\""},
      {"const d = new TextDecoder('utf-8', { fatal: true }); d.decode(new Uint8Array([226]), { stream: true "
       "}); try { d.decode() } catch (e) { return e.name }",
       "\"TypeError\""},
      {"const d = new TextDecoder(); return [239, 187, 191, 65].map(b => d.decode(new Uint8Array([b]), { "
       "stream: true })).join('').length",
       "1"},
      {"const d = new TextDecoder(); return [d.decode(new Uint8Array([65]), { stream: true }), d.decode(new "
       "Uint8Array([239, 187, 191, 66]), { stream: true }).length]",
       R"(["A",2])"},
      {"return ['utf8', 'UTF-8', 'unicode-1-1-utf-8', ' utf-8 '].map(l => new TextDecoder(l).encoding)",
       R"(["utf-8","utf-8","utf-8","utf-8"])"},
      {"try { new TextDecoder('latin1') } catch (e) { return e.name }", "\"RangeError\""},
      {"const r = []; for (const x of ['text', 5, {}, null]) try { new TextDecoder().decode(x); "
       "r.push('done') } catch (e) { r.push(e.name) } return [...new Set(r)]",
       R"(["TypeError"])"},
      {"const all = new Uint8Array(128).map((_, i) => i); return new TextDecoder().decode(all).length + new "
       "TextEncoder().encode(new TextDecoder().decode(all)).length",
       "256"},
  });
  run_all(kLines);
}

TEST(HandlerBuiltins, Base64) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [btoa(''), btoa('a'), btoa('ab'), btoa('abc'), btoa('\\u00ff\\u0000')]",
       R"(["","YQ==","YWI=","YWJj","/wA="])"},
      {"return [atob(''), atob('YQ=='), atob('YQ'), atob(' Y W I = '), atob('YWJj'), "
       "atob('/wA=').charCodeAt(0)]",
       R"(["","a","a","ab","abc",255])"},
      {"const r = []; for (const f of [() => btoa('\\u0100'), () => atob('a'), () => atob('YQ='), () => "
       "atob('Y@=='), () => atob('YQ===')]) try { f(); r.push('done') } catch (e) { r.push(e instanceof "
       "Error) } return r",
       "[true,true,true,true,true]"},
      {"const s = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i)); return atob(btoa(s)) === "
       "s",
       "true"},
  });
  run_all(kLines);
}

TEST(HandlerBuiltins, StructuredClone) {
  constexpr auto kLines = std::to_array<Line>({
      {"const o = { a: [1, { b: new Date(5) }], m: new Map([[1, new Set([2])]]), r: /x/gi, n: null, u: "
       "undefined, i: 10n, e: new RangeError('x') }; o.self = o; const c = structuredClone(o); "
       "return [c !== o, c.self === c, c.a[1].b.getTime(), c.m.get(1).has(2), c.r.flags, 'u' in c, c.i === "
       "10n, c.e.name, c.e instanceof RangeError, c.a !== o.a]",
       R"([true,true,5,true,"gi",true,true,"RangeError",true,true])"},
      {"const b = new Uint8Array([1, 2, 3]); const c = structuredClone({ x: b, y: b.buffer }); c.x[0] = 9; "
       "return [b[0], c.x.buffer === c.y, [...c.x], c.x instanceof Uint8Array]",
       "[1,true,[9,2,3],true]"},
      {"const s = {}; const c = structuredClone([s, s]); return c[0] === c[1]", "true"},
      {"const r = []; for (const x of [() => 1, Symbol('s'), { f() { } }, new WeakMap(), Promise.resolve()]) "
       "try { structuredClone(x); r.push('done') } catch (e) { r.push(e.name) } return [...new "
       "Set(r)].length",
       "1"},
      {"return structuredClone(Object.create({ inherited: 1 }, { own: { value: 1, enumerable: true } }))",
       R"({"own":1})"},
      {"return structuredClone([, 1]).hasOwnProperty(0)", "false"},
      {"return structuredClone({ ['__proto__']: 1 })", R"({"__proto__":1})"},
  });
  run_all(kLines);
}

TEST(HandlerBuiltins, TheLanguageItself) {
  constexpr auto kLines = std::to_array<Line>({
      {"return [/\\p{L}+/u.exec('1\\u00e9a2')[0], /(?<y>\\d{4})/.exec('in 2024').groups.y, "
       "'aXbX'.replaceAll('X', '-')]",
       "[\"\xc3\xa9"
       R"(a","2024","a-b-"])"},
      {"return [2n ** 64n + '', BigInt.asUintN(8, 257n) + '', [3, 1, 2].toSorted(), Object.groupBy([1, 2, "
       "3], x => x % 2 ? 'odd' : 'even')]",
       R"(["18446744073709551616","1",[1,2,3],{"odd":[1,3],"even":[2]}])"},
      {"function* g() { const x = yield 1; yield x * 2 } const i = g(); i.next(); return i.next(21).value",
       "42"},
      {"class A { #x = 1; static s = 2; get x() { return this.#x } } return [new A().x, A.s]", "[1,2]"},
      {"label: for (const i of [1, 2]) { for (const j of [1, 2]) if (j == 2) continue label; else if (i == "
       "2) break label } return 1",
       "1"},
      {"return [new Float64Array([1.5]), new Uint8ClampedArray([300])[0], new DataView(new "
       "ArrayBuffer(8)).getFloat64(0)]",
       R"([{"0":1.5},255,0])"},
      {"return (1234.5).toLocaleString().length > 0 && new Date(0).toLocaleDateString().length > 0 && "
       "'a'.localeCompare('b')",
       "-1"},
      {"return typeof self === 'object' && self === globalThis", "true"},
  });
  run_all(kLines);
}

}  // namespace
}  // namespace nexus::testing
