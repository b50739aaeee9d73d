// Recursion in JavaScript must end in a RangeError, never in a trap, whatever recurses and whatever is called at the
// bottom. There a host function runs with the least native stack that it can ever have.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>

#include "nexus/sandbox/engine/fiber_stacks.h"
#include "support/sandbox.h"

namespace nexus::testing {
namespace {

using sandbox::Instance;
using sandbox::Step;

struct Named {
  std::string_view name;
  std::string_view code;
};

// Ways to recurse: each level calls `op`, then recurses.
constexpr Named kRecursions[] = {
    {"function", "const next = () => { op(); depth++; return next() + 1 }; next()"},
    {"arguments",
     "function next(a, b, c, d, e, f) { op(); depth++; return next(f, e, d, c, b, [a, b]) } next(1, 2, 3, 4, "
     "5, 6)"},
    {"locals",
     "function next() { let a = 1, b = 2, c = 3, d = 4, e = [5]; op(); depth++; next(); return a + b + c + d "
     "+ e[0] } next()"},
    {"getter", "const o = { get next() { op(); depth++; return this.next } }; o.next"},
    {"setter", "const o = { set next(v) { op(); depth++; this.next = v } }; o.next = 1"},
    {"class", "class C { constructor() { op(); depth++; this.inner = new this.constructor() } } new C()"},
    {"derived",
     "class A { constructor() { op(); depth++; new B() } } class B extends A { constructor() { super() } } "
     "new B()"},
    {"reviver", "const next = () => JSON.parse('[1]', () => { op(); depth++; return next() }); next()"},
    {"toJSON", "const o = { toJSON() { op(); depth++; return JSON.stringify(o) } }; JSON.stringify(o)"},
    {"replacer",
     "const next = () => JSON.stringify([1], (k, v) => { if (k !== '') return v; op(); depth++; return "
     "next() }); next()"},
    {"sort", "const next = () => [2, 1].sort(() => { op(); depth++; next(); return 0 }); next()"},
    {"map", "const next = () => [1].map(() => { op(); depth++; return next() }); next()"},
    {"replace", "const next = () => 'a'.replace(/a/, () => { op(); depth++; return next() }); next()"},
    {"apply",
     "const next = (...a) => { op(); depth++; return Reflect.apply(next, null, [...a, 1]) }; next()"},
    {"bind", "let next = () => { op(); depth++; return next.bind(null)() }; next()"},
    {"proxy", "const p = new Proxy(function () {}, { get(t, k, r) { op(); depth++; return r.x } }); p.x"},
    {"generator", "function* next() { op(); depth++; yield* next() } [...next()]"},
    {"iterator", "const o = { [Symbol.iterator]() { op(); depth++; return [...o] } }; [...o]"},
    {"destructuring", "const o = { get a() { op(); depth++; const { a } = o; return a } }; o.a"},
    {"async", "const next = async () => { op(); depth++; await next() }; next(); op()"},
    {"valueOf", "const o = { valueOf() { op(); depth++; return o + 1 } }; o + 1"},
    {"template", "const o = { toString() { op(); depth++; return `${o}` } }; `${o}`"},
    {"then", "const o = { get then() { op(); depth++; return o.then } }; o.then"},
    {"clone", "const next = () => structuredClone({ get a() { op(); depth++; return next() } }); next()"},
};

// Operations called on every level, and therefore on the deepest one that still has stack for them.
constexpr Named kOperations[] = {
    {"get", "$state.get('there')"},
    {"get absent", "$state.get('x' + depth)"},
    {"property", "$state.there.a"},
    {"set", "$state.set('k', depth)"},
    {"set inside", "$state.there.a = depth"},
    {"large", "$state.big.length"},
    {"delete", "$state.delete('k')"},
    {"has", "$state.has('there')"},
    {"keys", "Object.keys($state)"},
    {"emit", "$emit('event', { depth })"},
    {"view", "$view.setFilter('view', { depth })"},
    {"log", "$log('line', depth)"},
    {"random", "crypto.getRandomValues(new Uint8Array(8))"},
    {"uuid", "crypto.randomUUID()"},
    {"now", "Date.now() + performance.now()"},
    {"denied", "try { $state.get('denied') } catch (e) { if (e instanceof RangeError) throw e }"},
    {"refused", "try { $emit('denied', 1) } catch (e) { if (e instanceof RangeError) throw e }"},
    {"regex", "/(a|b)*c/.exec('ababab')"},
    {"parse", "JSON.parse('[[[[[[[[1]]]]]]]]')"},
    {"throw", "try { throw new Error('x') } catch {}"},
    {"encode", "new TextEncoder().encode('text')"},
};

// The end of the handler after the recursion has reached the bottom.
constexpr Named kEnds[] = {
    {"returns",
     "let depth = 0; const op = () => { OP }; try { RECURSION } catch (e) { if (!(e instanceof RangeError)) "
     "throw e } return depth"},
    {"throws", "let depth = 0; const op = () => { OP }; RECURSION; return depth"},
    {"calls again in catch",
     "let depth = 0; const op = () => { OP }; const run = () => { try { RECURSION } catch (e) { op(); throw "
     "e } }; "
     "try { run() } catch (e) { if (!(e instanceof RangeError)) throw e } return depth"},
};

std::string fill(std::string_view form, const Named& recursion, const Named& operation) {
  std::string source(form);
  source.replace(source.find("OP }"), 2, operation.code);
  source.replace(source.find("RECURSION"), 9, recursion.code);
  return source;
}

Limits generous(std::uint64_t stack_bytes) {
  Limits limits;
  limits.stack_size_bytes = stack_bytes;
  limits.max_host_calls = limits.max_state_mutations = limits.max_events = limits.max_view_commands =
      1'000'000;
  limits.timeout_ms = 60'000;
  limits.max_wall_ms = 120'000;
  return limits;
}

// The resident bytes of the native stacks, which are the only mappings of their size.
std::uint64_t resident_stack_bytes() {
  std::ifstream maps("/proc/self/smaps");
  std::uint64_t most = 0;
  bool is_stack = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long kib = 0;
    if (std::sscanf(line.c_str(), "Size: %llu kB", &kib) == 1)
      is_stack = kib * 1024 == engine::kWasmStackBytes + engine::kHostStackBytes;
    if (is_stack && std::sscanf(line.c_str(), "Rss: %llu kB", &kib) == 1)
      most = std::max<std::uint64_t>(most, kib * 1024);
  }
  return most;
}

class DeepStack : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  // Runs to the end and measures the native stack before it is trimmed.
  Outcome run(const std::string& source, const std::string& args = "{}") {
    const auto image = *sandbox_.load(source);
    Instance& instance = sandbox_.instance();
    instance.start({.image = image,
                    .source = source,
                    .execution_id = "deep",
                    .args_json = args,
                    .state = &state_,
                    .capabilities = &capabilities_,
                    .limits = generous(GetParam())});
    while (instance.step() == Step::kMore) {
    }
    if (const std::uint64_t used = resident_stack_bytes(); used > deepest_) {
      deepest_ = used;
      deepest_source_ = source;
    }
    Outcome outcome(instance.finish());
    EXPECT_LE(resident_stack_bytes(), engine::kKeptStackBytes + 8_KiB) << source;
    return outcome;
  }

  // Expects success, an error of the handler, or a limit: never a trap.
  void expect_no_trap(const std::string& source, const std::string& args = "{}") {
    const Outcome outcome = run(source, args);
    const auto& error = outcome.result().error;
    const bool is_expected = !error || error->code == ErrorCode::kExecutionError ||
                             error->code == ErrorCode::kMemoryLimit ||
                             error->code == ErrorCode::kResourceLimit;
    EXPECT_TRUE(is_expected) << source << "\n" << outcome.describe();
    EXPECT_TRUE(sandbox_.instance().is_pristine()) << source;
  }
  void TearDown() override {
    RecordProperty("deepest_kib", static_cast<int>(deepest_ / 1024));
    std::printf("native stack used at most: %llu of %zu KiB, by %s\n",
                static_cast<unsigned long long>(deepest_ / 1024), engine::kWasmStackBytes / 1024,
                deepest_source_.c_str());
    EXPECT_GT(deepest_, 0U);
    EXPECT_LT(deepest_, engine::kWasmStackBytes);
  }

  Sandbox sandbox_;
  std::uint64_t deepest_ = 0;
  std::string deepest_source_;
  State state_ = *State::parse(R"({"there":{"a":1},"denied":1,"big":")" + std::string(20'000, 'x') + "\"}");
  Capabilities capabilities_ = *Capabilities::parse(
      std::vector<std::string>{"state:read:there", "state:read:k", "state:read:big", "state:read:x*",
                               "state:write:*", "events:emit:event", "view:*"});
};

TEST_P(DeepStack, EveryHostFunctionAtTheBottomOfARecursion) {
  for (const Named& operation : kOperations) {
    for (const Named& end : kEnds)
      expect_no_trap(fill(end.code, kRecursions[0], operation));
  }
}

TEST_P(DeepStack, EveryRecursionWithAHostFunctionAtItsBottom) {
  for (const Named& recursion : kRecursions) {
    for (const std::size_t operation : {0, 9, 15}) {
      expect_no_trap(fill(kEnds[0].code, recursion, kOperations[operation]));
    }
    expect_no_trap(fill(kEnds[1].code, recursion, kOperations[3]));
    expect_no_trap("async () => { " + fill(kEnds[0].code, recursion, kOperations[12]) + " }");
  }
}

// The tests above would also pass for recursions that end at once.
TEST_P(DeepStack, TheRecursionsAreDeep) {
  for (const Named& recursion : kRecursions) {
    const Outcome outcome = run(fill(kEnds[0].code, recursion, kOperations[14]));
    outcome.expect_success();
    EXPECT_GE(std::stoi(outcome.result().return_json), 25) << recursion.name << ": " << outcome.describe();
  }
}

// Recursion inside the interpreter, without JavaScript frames.
TEST_P(DeepStack, DeeplyNestedData) {
  for (const std::string_view source : {
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return JSON.stringify(a)",
           "let a = {}; for (let i = 0; i < 50000; i++) a = { a }; $state.x = a",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return a",
           "let a = {}; for (let i = 0; i < 50000; i++) a = { a }; return a",
           "let a = []; for (let i = 0; i < 5000; i++) a = [a]; return JSON.stringify(a, null, 1)",
           "let a = {}; for (let i = 0; i < 50000; i++) a = { a }; return JSON.stringify(a, ['a'])",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return JSON.stringify(a, (k, v) => v)",
           "let a = {}; for (let i = 0; i < 50000; i++) a = { toJSON: () => [i] , a }; return a",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; $emit('event', a)",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return String(a)",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return a.flat(Infinity).length",
           "let a = []; for (let i = 0; i < 50000; i++) a = [a]; return structuredClone(a)",
           "return JSON.parse('['.repeat(50000) + ']'.repeat(50000))",
           "return JSON.parse('{\"a\":'.repeat(50000) + '1' + '}'.repeat(50000))",
           "return JSON.parse('['.repeat(900) + ']'.repeat(900), (k, v) => v)",
           "return new RegExp('('.repeat(20000) + ')'.repeat(20000)).test('')",
           "return new RegExp('(?:a|'.repeat(5000) + 'b' + ')'.repeat(5000)).test('b')",
           "return /^(?:a|b|(?:c|d)*)*$/.test('abcd'.repeat(50000))",
           "return /(?=(a*))*b/.test('a'.repeat(2000))",
           "let f = () => 1; for (let i = 0; i < 20000; i++) f = f.bind(null); return f()",
           "let p = {}; for (let i = 0; i < 20000; i++) p = new Proxy(p, {}); return p.x",
           "let p = {}; for (let i = 0; i < 20000; i++) p = Object.create(p); return p.x",
           "let s = ''; for (let i = 0; i < 8000; i++) s = 'a' + s + 'b'; return s.length",
           "let p = Promise.resolve(); for (let i = 0; i < 20000; i++) p = p.then(() => {}); await p",
           "let e = new Error('x'); for (let i = 0; i < 20000; i++) e = new Error('x', { cause: e }); throw "
           "e",
           "const l = []; let a = l; for (let i = 0; i < 50000; i++) { const b = {}; a.push(b); b.a = []; a "
           "= b.a } l.length = 0; a = null; return 1",
       }) {
    expect_no_trap(std::string(source));
  }
}

TEST_P(DeepStack, ArgumentsAtTheGreatestDepth) {
  const std::string nested = std::string(128, '[') + "1" + std::string(128, ']');
  expect_no_trap("const f = (v) => Array.isArray(v) ? f(v[0]) : v; return f($args)", nested);
  expect_no_trap("$state.x = $args; return $args", nested);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DeepStack, ::testing::Values(kLeastStackBytes, kMostStackBytes),
                         [](const auto& size) { return std::to_string(size.param / 1024) + "KiB"; });

}  // namespace
}  // namespace nexus::testing
