// Handlers that wait for extensions: what they keep, what they see afterwards, and how limits count.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/waiting.h"

namespace nexus::testing {
namespace {

using Form = Waiting::Form;
using Kind = CallAnswer::Kind;

class Suspension : public ::testing::TestWithParam<Form> {
 protected:
  Waiting start(std::string source, const RunOptions& options = {}) {
    return Waiting(sandbox_, std::move(source), options, GetParam());
  }
  Sandbox sandbox_;
};

TEST_P(Suspension, ClosureSurvivesInAnotherInstance) {
  auto w = start(
      "async ($) => { const kept = { list: [1, 2], who: $.$args.who }; const a = await $ext.http.get('x', { "
      "n: 1 }); "
      "kept.list.push(a.n); const b = await $ext.timer.sleep(5); return [kept, b] }",
      {.args = R"({"who":"ada"})"});
  EXPECT_EQ(w.calls(), R"(0 http.get ["x",{"n":1}])");
  ASSERT_TRUE(w.answer(0, R"({"n":42})"));
  EXPECT_EQ(w.calls(), "1 timer.sleep [5]");
  ASSERT_TRUE(w.answer(1, "null"));
  w.outcome().expect_value(R"([{"list":[1,2,42],"who":"ada"},null])");
}

TEST_P(Suspension, ConcurrentCallsSettleInAnyOrder) {
  auto w = start("return await Promise.all([1, 2, 3].map((n) => $ext.http.get(n)))");
  EXPECT_EQ(w.calls(), "0 http.get [1] 1 http.get [2] 2 http.get [3]");
  ASSERT_TRUE(w.answer(2, "\"c\""));
  EXPECT_EQ(w.calls(), "");
  ASSERT_TRUE(w.waits());
  ASSERT_TRUE(w.answer(0, "\"a\""));
  ASSERT_TRUE(w.answer(1, "\"b\""));
  w.outcome().expect_value(R"(["a","b","c"])");
}

TEST_P(Suspension, RacesEndWithTheFirstAnswer) {
  auto race = start("return await Promise.race([$ext.http.get(1), $ext.timer.sleep(10)])");
  ASSERT_TRUE(race.answer(1, "\"late\""));
  race.outcome().expect_value("\"late\"");
  auto any = start("return await Promise.any([$ext.http.get(1), $ext.http.get(2)])");
  ASSERT_TRUE(any.answer(0, R"({"name":"HttpError","message":"no"})", Kind::kError));
  ASSERT_TRUE(any.waits());
  ASSERT_TRUE(any.answer(1, "2"));
  any.outcome().expect_value("2");
}

TEST_P(Suspension, AnErrorIsARejection) {
  auto caught = start(
      "try { await $ext.http.get('x') } catch (e) { return [e instanceof Error, e.name, e.message, e.code, "
      "Object.keys(e)] }");
  ASSERT_TRUE(caught.answer(0, R"({"name":"HttpError","message":"refused","code":7})", Kind::kError));
  caught.outcome().expect_value(R"([true,"HttpError","refused",7,["code"]])");

  auto uncaught = start("const x = 1;\nawait $ext.http.get('x');\nreturn x");
  ASSERT_TRUE(uncaught.answer(0, R"({"name":"HttpError","message":"refused"})", Kind::kError));
  uncaught.outcome().expect(ErrorCode::kExecutionError).expect_message("HttpError: refused");

  auto expired = start("await $ext.http.get('x')");
  ASSERT_TRUE(expired.answer(0, R"({"name":"SuspensionExpired","message":"too late"})", Kind::kExpired));
  expired.outcome().expect(ErrorCode::kSuspensionExpired).expect_message("too late");
}

// A bug: an Error made outside the handler kept an empty stack even after the handler threw it.
TEST_P(Suspension, UncaughtRejectionIsLocatedAtItsAwait) {
  const auto reject = [this](std::string source, Kind kind = Kind::kError) {
    auto w = start(std::move(source));
    EXPECT_TRUE(w.answer(0, R"({"name":"HttpError","message":"no"})", kind));
    return w;
  };
  for (const Kind kind : {Kind::kError, Kind::kExpired}) {
    reject("const x = 1;\nconst y = await $ext.http.get('x');\nreturn y", kind).outcome().expect_at(2, 27);
    reject("const all = [$ext.http.get(1)];\n\nawait Promise.all(all)", kind).outcome().expect_at(3, 19);
    reject("async ($) => {\n  const f = async () => {\n    await $.$ext.http.get(1) };\n  await f() }", kind)
        .outcome()
        .expect_at(3, 23);
  }
  reject("try { await $ext.http.get(1) } catch (e) {\n throw e }").outcome().expect_at(1, 23);
  const auto stack = reject("try {\n await $ext.http.get(1) } catch (e) { return e.stack }");
  EXPECT_THAT(stack.outcome().result().return_json, ::testing::HasSubstr("(handler.js:2:18)"));
  const auto unawaited = reject(
      "const f = async () => { throw new Error('other') }; f().catch(() => {});\nreturn $ext.http.get(1)");
  EXPECT_FALSE(unawaited.outcome().result().error->location.has_value()) << unawaited.outcome().describe();
}

TEST_P(Suspension, CaughtRejectionKeepsNextErrorsLocation) {
  auto w = start("$ext.http.get(1).catch(() => {});\nawait $ext.http.get(2);\nthrow 'text'");
  ASSERT_TRUE(w.answer(0, R"({"name":"HttpError","message":"no"})", Kind::kError));
  ASSERT_TRUE(w.answer(1, "1"));
  w.outcome().expect_message("text").expect_at(3, 7);
}

TEST_P(Suspension, AllSettledReportsEachOutcome) {
  auto w = start(
      "const all = await Promise.allSettled([$ext.http.get(1), $ext.timer.sleep(1)]); "
      "return all.map((one) => [one.status, one.value, one.reason?.name])");
  ASSERT_TRUE(w.answer(1, "7"));
  ASSERT_TRUE(w.waits());
  ASSERT_TRUE(w.answer(0, R"({"name":"HttpError","message":"no"})", Kind::kError));
  w.outcome().expect_value(R"([["rejected",null,"HttpError"],["fulfilled",7,null]])");
}

TEST_P(Suspension, EachSegmentCommitsItsOwnChanges) {
  auto w = start(
      "$state.n = 1; $state.deep.list.push('a'); await $ext.timer.sleep(1); const seen = [$state.n, "
      "$state.deep.list.length]; "
      "$state.m = 2; $state.n++; return seen",
      {.state = R"({"n":0,"deep":{"list":[]}})"});
  EXPECT_EQ(w.state(), R"({"n":1,"deep":{"list":["a"]}})") << "committed while it waits";
  w.shared_state().set("n", "10");  // as another execution would
  w.shared_state().set("deep", R"({"list":["x","y","z"]})");
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect_value("[10,3]");
  EXPECT_EQ(w.state(), R"({"n":11,"deep":{"list":["x","y","z"]},"m":2})");
  std::string json;
  append_result_json(json, w.outcome().result(), WithLogs::kNo);
  EXPECT_THAT(json, ::testing::HasSubstr(R"("stateMutations":[{"op":"set","key":"n","value":11},)"
                                         R"({"op":"set","key":"deep","value":{"list":["a"]}},)"
                                         R"({"op":"set","key":"m","value":2}])"));
}

TEST_P(Suspension, DeletedPathThrows) {
  auto w = start("const item = $state.items[0]; await $ext.timer.sleep(1); return item.name",
                 {.state = R"({"items":[{"name":"a"}]})"});
  w.shared_state().set("items", "[]");
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect(ErrorCode::kExecutionError).expect_message("'0' is no longer in $state");
}

TEST_P(Suspension, FailureLosesOnlyTheLastSegment) {
  auto w =
      start("$state.a = 1; $emit('one'); await $ext.timer.sleep(1); $state.b = 1; throw new Error('no')");
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect(ErrorCode::kExecutionError);
  EXPECT_EQ(w.state(), R"({"a":1})");
  std::string json;
  append_result_json(json, w.outcome().result(), WithLogs::kNo);
  EXPECT_THAT(json, ::testing::HasSubstr(
                        R"("stateMutations":[{"op":"set","key":"a","value":1}],"events":[{"name":"one")"));
}

TEST_P(Suspension, LimitsApplyToAllSegmentsTogether) {
  RunOptions options;
  options.limits.max_events = 2;
  auto w = start("$emit('a'); await $ext.timer.sleep(1); $emit('b'); await $ext.timer.sleep(1); $emit('c')",
                 options);
  ASSERT_TRUE(w.answer(0, "null"));
  ASSERT_TRUE(w.answer(1, "null"));
  w.outcome().expect(ErrorCode::kResourceLimit).expect_message("maxEvents is 2, 3 asked for");

  options = {};
  options.limits.max_host_calls = 3;
  auto calls = start("for (;;) await $ext.timer.sleep(1)", options);
  for (std::uint32_t n = 0; n < 3; ++n)
    ASSERT_TRUE(calls.answer(n, "null"));
  calls.outcome().expect(ErrorCode::kResourceLimit).expect_message("maxHostCalls is 3, 4 asked for");
}

TEST_P(Suspension, GrownMemoryIsRestored) {
  auto w = start(
      "const big = Array.from({ length: 200000 }, (_, i) => i); await $ext.timer.sleep(1); "
      "return [big.length, big[123456], big.reduce((a, b) => a + b)]");
  EXPECT_GT(w.suspended().delta.memory_bytes(), 2U << 20);
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect_value("[200000,123456,19999900000]");
}

TEST_P(Suspension, UnknownExtensionThrowsAtOnce) {
  start("try { $ext.nothing.get() } catch (e) { return [e.name, e.message] }")
      .outcome()
      .expect_value(R"(["NoSuchExtension","no such extension: nothing"])");
  start("return [$ext.list(), $ext.exists('http'), $ext.exists('ftp'), $ext.methods('http')]")
      .outcome()
      .expect_value(R"([["http","timer"],true,false,["get","post"]])");
  start("try { $ext.http.get() } catch (e) { return e.name }", {.capabilities = {"state:*", "ext:timer"}})
      .outcome()
      .expect_value("\"PermissionDenied\"");
  start("await $ext.http.get()", {.capabilities = {"state:*"}})
      .outcome()
      .expect(ErrorCode::kPermissionDenied);
}

TEST_P(Suspension, ArgumentsStayAnArrayDespiteToJson) {
  for (const char* spoiled : {"Object.prototype", "Array.prototype"}) {
    auto w = start(std::string(spoiled) + ".toJSON = () => 'TJ'; return await $ext.http.get([1], 2)");
    EXPECT_EQ(w.calls(), R"(0 http.get ["TJ",2])");
    ASSERT_TRUE(w.answer(0, "1"));
    w.outcome().expect_value("1");
  }
  auto nothing = start("Object.prototype.toJSON = () => undefined; return await $ext.http.get({}, 1)");
  EXPECT_EQ(nothing.calls(), "0 http.get [null,1]");
}

TEST_P(Suspension, AnExtensionIsAFrozenObjectOfFunctions) {
  start(
      "const t = $ext.http; try { t.get = 1 } catch (e) {} try { t.more = 1 } catch (e) {} try { delete "
      "t.get } "
      "catch (e) {} return [t === $ext.http, Object.isFrozen(t), Object.keys(t), typeof t.get, typeof "
      "t.more]")
      .outcome()
      .expect_value(R"([true,true,["get","post"],"function","undefined"])");
  start("return $ext.toString").outcome().expect_message("no such extension: toString");
  auto alone = start("const { get } = $ext.http; return await get(1)");
  EXPECT_EQ(alone.calls(), "0 http.get [1]");
}

TEST_P(Suspension, ArgumentsOfEveryKindAndLength) {
  auto w =
      start("await $ext.http.get(undefined, () => 1, NaN, 'ä\\u0000\\n', new Date(0), { a: [1n].length })");
  EXPECT_EQ(w.calls(), R"(0 http.get [null,null,null,"ä\u0000\n","1970-01-01T00:00:00.000Z",{"a":1}])");
  EXPECT_EQ(start("await $ext.http.get()").calls(), "0 http.get []");
  for (const int length : {490, 505, 506, 507, 508, 509, 510, 511, 512, 513, 1100, 100'000}) {
    const std::string n = std::to_string(length), x(static_cast<std::size_t>(length), 'x');
    EXPECT_EQ(start("await $ext.http.get('x'.repeat(" + n + "), 'x'.repeat(" + n + "))").calls(),
              R"(0 http.get [")" + x + R"(",")" + x + R"("])");
  }
  start("const a = {}; a.a = a; try { $ext.http.get(a) } catch (e) { return e.name }")
      .outcome()
      .expect_value("\"TypeError\"");
  start("try { $ext.http.get(1n) } catch (e) { return e.name }").outcome().expect_value("\"TypeError\"");
  start("try { $ext.http.get({ toJSON() { throw new Error('mine') } }) } catch (e) { return e.message }")
      .outcome()
      .expect_value("\"mine\"");
}

TEST_P(Suspension, ExecutionEndsWithoutAwaitedCalls) {
  start("$ext.http.get(1); return 5").outcome().expect_value("5");
  start("await new Promise(() => {})")
      .outcome()
      .expect(ErrorCode::kExecutionError)
      .expect_message("waits for nothing");
  auto w = start("await $ext.timer.sleep(1); await new Promise(() => {})");
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect(ErrorCode::kExecutionError).expect_message("waits for nothing");
}

TEST_P(Suspension, AnswerAboveMemoryIsARejection) {
  RunOptions options;
  options.limits.memory_limit_bytes = 2 << 20;
  auto w = start("try { return (await $ext.http.get(1)).length } catch (e) { return 'caught' }", options);
  ASSERT_TRUE(w.answer(0, "[" + std::string(600'000, '1') + "]"));
  w.outcome().expect_success();
  auto long_answer = start("return (await $ext.http.get(1)).length");
  ASSERT_TRUE(long_answer.answer(0, '"' + std::string(900'000, 'x') + '"'));
  long_answer.outcome().expect_value("900000");
}

TEST_P(Suspension, TimeGoesOnAndRandomnessDoesNotRepeat) {
  auto w = start(
      "const t = performance.now(), d = Date.now(), r = Math.random(); await $ext.timer.sleep(1); "
      "return [performance.now() - t >= 5000, Date.now() - d >= 5000, Math.random() !== r, performance.now() "
      "< 60000]");
  sandbox_.clock().advance_ms(5000);
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect_value("[true,true,true,true]");
}

TEST_P(Suspension, SuspendedTimeCountsInNoLimit) {
  RunOptions options;
  options.limits.max_wall_ms = 1000;
  auto w = start("await $ext.timer.sleep(1); let n = 0; while (n < 3e6) n++; return n", options);
  sandbox_.clock().advance_ms(50'000);
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect_value("3000000");
}

TEST_P(Suspension, FinallyGeneratorsAndThenablesWait) {
  auto w = start(
      "const log = []; async function* gen() { try { for (let i = 0; i < 2; i++) yield await "
      "$ext.http.get(i); } finally { "
      "log.push(await $ext.timer.sleep(1)); } } for await (const x of gen()) { log.push(x); } "
      "const twice = { then(done) { done(1); done(2); } }; log.push(await twice); return log");
  ASSERT_TRUE(w.answer(0, "\"a\""));
  ASSERT_TRUE(w.answer(1, "\"b\""));
  ASSERT_TRUE(w.answer(2, "\"end\""));
  w.outcome().expect_value(R"(["a","b","end",1])");
}

TEST_P(Suspension, WithoutMemoryRestoreFailsAndCanBeRetried) {
  auto w = start("const x = new Uint8Array(3e6).fill(7); await $ext.timer.sleep(1); return x[2999999]");
  const std::uint64_t held = sandbox_.ledger().granted(budget::Kind::kInstances) +
                             sandbox_.ledger().granted(budget::Kind::kSuspended) +
                             sandbox_.ledger().granted(budget::Kind::kImages);
  sandbox_.ledger().set_limit(held + (2 << 20));
  const auto refused = w.answer(0, "null");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  ASSERT_TRUE(w.waits());
  sandbox_.ledger().set_limit(1ULL << 32);
  ASSERT_TRUE(w.answer(0, "null"));
  w.outcome().expect_value("7");
}

TEST_P(Suspension, WithoutMemoryForDeltaExecutionFails) {
  constexpr std::string_view kSource = "$state.a = 1; await $ext.timer.sleep(1)";
  {
    EXPECT_TRUE(start(std::string(kSource)).waits());
  }
  EXPECT_EQ(sandbox_.ledger().granted(budget::Kind::kSuspended), 0U) << "gone with it";
  auto image = sandbox_.load(kSource);
  std::uint64_t granted = 0;
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    granted += sandbox_.ledger().granted(static_cast<budget::Kind>(kind));
  sandbox_.ledger().set_limit(granted);
  auto w = Waiting(sandbox_, *image, std::string(kSource));
  ASSERT_FALSE(w.waits());
  w.outcome().expect(ErrorCode::kMemoryLimit).expect_message("no memory to keep a waiting execution");
  EXPECT_EQ(w.state(), "{}") << "its segment was not committed";
}

// A page that the capture restores early must not lower the reported memory.
TEST_P(Suspension, FailureDuringCaptureReportsMemoryHeld) {
  const std::string source =
      "const x = new Uint8Array(3e6).fill($args.n); await $ext.timer.sleep(1); return x[0]";
  const auto image = *sandbox_.load(source);
  RunOptions options;
  options.args = R"({"n":7})";
  for (int n = 0; n < 20; ++n)
    ASSERT_TRUE(Waiting(sandbox_, image, source, options).waits());
  std::uint64_t granted = 0;
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    granted += sandbox_.ledger().granted(static_cast<budget::Kind>(kind));
  sandbox_.ledger().set_limit(granted + (5 << 20));
  auto w = Waiting(sandbox_, image, source, options);
  ASSERT_FALSE(w.waits());
  w.outcome().expect(ErrorCode::kMemoryLimit).expect_message("no memory to keep a waiting execution");
  EXPECT_GT(w.outcome().result().metrics.memory_used_bytes, 3'000'000U);
  EXPECT_TRUE(sandbox_.instance().is_pristine());
}

TEST_P(Suspension, AThousandTimesInARow) {
  RunOptions options;
  options.limits.max_host_calls = 5000;
  auto w =
      start("let sum = 0; for (let i = 0; i < 1000; i++) sum += await $ext.http.get(i); return sum", options);
  std::uint64_t most = 0;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    most = std::max<std::uint64_t>(most, w.suspended().delta.bytes());
    ASSERT_TRUE(w.answer(n, std::to_string(n)));
  }
  w.outcome().expect_value("499500");
  EXPECT_LT(most, 40'000U) << "it does not grow with each wait";
}

TEST_P(Suspension, TenThousandConcurrentCallsSettleInAnyOrder) {
  RunOptions options;
  options.limits.max_host_calls = 10'000;
  auto w = start(
      "const all = []; for (let i = 0; i < 10000; i++) all.push($ext.http.get(i)); "
      "const got = []; for (const i of [9999, 0, 5000]) got.push(await all[i]); return got",
      options);
  ASSERT_TRUE(w.waits());
  for (const std::uint32_t number : {5000u, 17u, 9999u, 0u})
    ASSERT_TRUE(w.answer(number, std::to_string(number)));
  w.outcome().expect_value("[9999,0,5000]");
}

TEST_P(Suspension, HandlerCanCatchTooManyCalls) {
  RunOptions options;
  options.limits.max_host_calls = 100;
  auto w = start(
      "let made = 0; try { for (;;) { $ext.http.get(made); made++; } } catch (error) { return [made, "
      "error.name] }",
      options);
  w.outcome().expect_value(R"([100,"ResourceLimit"])");
}

INSTANTIATE_TEST_SUITE_P(, Suspension, ::testing::Values(Form::kRaw, Form::kCompressed),
                         [](const auto& param) { return param.param == Form::kRaw ? "Raw" : "Compressed"; });

}  // namespace
}  // namespace nexus::testing
