// A guest that breaks the protocol: whatever bytes it sends, the host ignores them or stops the guest. Forged data
// never becomes part of a result, and a stopped instance runs nothing more.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <map>
#include <random>

#include "guest/border.h"
#include "nexus/foundation/json/json.h"
#include "nexus/sandbox/execution/call.h"
#include "nexus/sandbox/memory/image.h"
#include "support/sandbox.h"
#include "support/steps.h"

namespace nexus::sandbox {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// ---- the border itself, called directly ----

class BorderTest : public ::testing::Test {
 protected:
  BorderTest() {
    request_.capabilities = &capabilities_;
    request_.state = &state_;
    begin();
  }
  void begin(Call::Purpose purpose = Call::Purpose::kExecution) {
    call_.emplace(purpose, request_, clock_, ledger_);
  }
  Call::Reply ask(std::int32_t op, std::string_view a, std::string_view b = {}) {
    return call_->handle(op, a, b, out_);
  }
  const Journal& committed() {
    call_->commit();
    return call_->result().journal;
  }
  std::string taken() {
    const std::int32_t length = call_->take(out_);
    return {reinterpret_cast<const char*>(out_.data()), static_cast<std::size_t>(length)};
  }

  SystemClock clock_;
  budget::UnlimitedLedger ledger_;
  Capabilities capabilities_ = Capabilities::defaults();
  State state_ = *State::parse(R"({"there":{"a":1}})");
  ExecutionRequest request_;
  std::vector<std::byte> out_ = std::vector<std::byte>(4096);
  std::optional<Call> call_;
};

constexpr std::string_view kForged[] = {"{",
                                        "}",
                                        "[1,]",
                                        "{\"a\":1}}",
                                        "1 2",
                                        "nul",
                                        "True",
                                        "undefined",
                                        "NaN",
                                        "'a'",
                                        "{a:1}",
                                        "\"a",
                                        "\"\n\"",
                                        "01",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "\"\\x41\"",
                                        "\"\\u12\"",
                                        "// c\n1",
                                        "\"ok\",\"error\":{}",
                                        "1}\n{\"forged\":1",
                                        "\0"sv,
                                        "1\0"sv,
                                        "\"\0\""sv,
                                        "\"\xff\"",
                                        "\"\xc0\xaf\"",
                                        "\"\xf5\x80\x80\x80\"",
                                        "\"\xe2\x82\"",
                                        "\xef\xbb\xbf"
                                        "1",
                                        " ",
                                        "\t"};

TEST_F(BorderTest, ForgedJsonStopsTheGuest) {
  for (const std::string_view text : kForged) {
    for (const std::int32_t op : {OP_RESULT, OP_STATE_SET, OP_STATE_FLUSH, OP_EMIT, OP_VIEW}) {
      begin();
      EXPECT_NE(op == OP_RESULT ? ask(op, text).trap : ask(op, "name", text).trap, nullptr)
          << op << ": " << text;
      EXPECT_FALSE(call_->has_result());
      const Journal& journal = committed();
      EXPECT_TRUE(journal.mutations.empty() && journal.events.empty() && journal.view_commands.empty())
          << text;
    }
  }
}

TEST_F(BorderTest, EmptyTextIsNotJson) {
  for (const std::int32_t op : {OP_STATE_SET, OP_STATE_FLUSH, OP_EMIT, OP_VIEW})
    EXPECT_NE(ask(op, "name", "").trap, nullptr);
  EXPECT_EQ(ask(OP_RESULT, "").trap, nullptr) << "but a result may be undefined";
}

TEST_F(BorderTest, AViewCommandIsAnObjectWithAMember) {
  for (const std::string_view text : {"1", "[]", "\"setFilter\"", "null", "{}"}) {
    EXPECT_NE(ask(OP_VIEW, "id", text).trap, nullptr) << text;
  }
  EXPECT_EQ(ask(OP_VIEW, "id", R"({"focus":{}})").trap, nullptr);
}

TEST_F(BorderTest, LoneSurrogatesAreReplaced) {
  EXPECT_EQ(ask(OP_RESULT, R"(["\ud800","\udc00x","\ud83d\ude00"])").trap, nullptr);
  EXPECT_EQ(check_json(call_->result().return_json), JsonError::kNone);
  EXPECT_EQ(call_->result().return_json.find("ud800"), std::string::npos);
  EXPECT_NE(call_->result().return_json.find(R"(\ud83d\ude00)"), std::string::npos)
      << call_->result().return_json;
  EXPECT_EQ(ask(OP_STATE_SET, "k", "\"\xed\xa0\x80\"").trap,
            nullptr);  // as the interpreter writes it in UTF-8
  EXPECT_EQ(ask(OP_EMIT, "e", R"("\ud800")").trap, nullptr);
  EXPECT_EQ(ask(OP_VIEW, "v", R"({"c":"\ud800"})").trap, nullptr);
  const Journal& journal = committed();
  EXPECT_EQ(check_json(*journal.mutations[0].json), JsonError::kNone);
  EXPECT_EQ(check_json(journal.events[0].payload_json), JsonError::kNone);
  EXPECT_EQ(check_json(journal.view_commands[0].params_json), JsonError::kNone);
}

TEST_F(BorderTest, GuestCanCatchTooDeepJson) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  for (const std::int32_t op : {OP_STATE_SET, OP_EMIT, OP_VIEW}) {
    const auto reply = ask(op, "name", deep);
    EXPECT_EQ(reply.trap, nullptr);
    EXPECT_EQ(reply.value, HOST_REFUSED);
    EXPECT_EQ(taken().substr(0, 1), "L");
  }
  const std::string abyss(1'000'000, '[');
  EXPECT_EQ(ask(OP_STATE_SET, "k", abyss).value, HOST_REFUSED);
  EXPECT_EQ(ask(OP_RESULT, abyss).value, HOST_REFUSED);
}

TEST_F(BorderTest, UnknownOperationsStopTheGuest) {
  for (const std::int32_t op : {0, -1, OP_FAIL + 1, 100, INT_MAX, INT_MIN})
    EXPECT_NE(ask(op, "a", "1").trap, nullptr) << op;
}

TEST_F(BorderTest, ExecutionCallsStopALoad) {
  for (std::int32_t op = OP_STATE_GET; op <= OP_VIEW; ++op) {
    begin(Call::Purpose::kLoad);
    EXPECT_NE(ask(op, "there", "1").trap, nullptr) << op;
  }
  begin(Call::Purpose::kLoad);
  EXPECT_EQ(ask(OP_LOG, "text", "1").trap, nullptr);
  EXPECT_EQ(ask(OP_FAIL, "message", "stack").trap, nullptr);
}

TEST_F(BorderTest, LogLevelIsOneOfFourDigits) {
  for (const std::string_view level : {"", "4", "-", "9", "00", "1 ", "\xff", "/"}) {
    EXPECT_NE(ask(OP_LOG, "text", level).trap, nullptr) << level;
  }
  for (const std::string_view level : {"0", "1", "2", "3"})
    EXPECT_EQ(ask(OP_LOG, "text", level).trap, nullptr);
}

// Names and messages are not JSON texts; the result renders them as JSON strings.
TEST_F(BorderTest, InvalidUtf8DoesNotReachResult) {
  const std::string bad = "a\xff\xfe\"\\\n\0b\xed\xa0\x80"s + std::string(5000, '\xc3');
  EXPECT_EQ(ask(OP_STATE_SET, bad, "1").trap, nullptr);
  EXPECT_EQ(ask(OP_EMIT, bad, "1").trap, nullptr);
  EXPECT_EQ(ask(OP_VIEW, bad, R"({"\u0000":1})").trap, nullptr);
  EXPECT_EQ(ask(OP_LOG, bad, "1").trap, nullptr);
  const auto keys = ask(OP_STATE_KEYS, "");
  EXPECT_GT(keys.value, 5000);
  out_.resize(100'000);
  EXPECT_EQ(check_json(taken()), JsonError::kNone);
  committed();
  std::string text;
  append_result_json(text, call_->result(), WithLogs::kYes);
  EXPECT_EQ(check_json(text), JsonError::kNone) << text;

  begin();
  EXPECT_EQ(ask(OP_FAIL, bad, bad).trap, nullptr);
  ASSERT_TRUE(call_->failure());
  EXPECT_LE(call_->failure()->message.size(), 4096U);
  call_->result().error = Error{.code = ErrorCode::kExecutionError,
                                .message = call_->failure()->message,
                                .stack = call_->failure()->stack};
  text.clear();
  append_result_json(text, call_->result(), WithLogs::kYes);
  EXPECT_EQ(check_json(text), JsonError::kNone) << text;
}

TEST_F(BorderTest, ResultsNeverExceedTheirBuffer) {
  state_ = *State::parse("{\"long\":\"" + std::string(10'000, 'x') + "\"}");
  std::vector<std::byte> room(64, std::byte{0x11});
  const auto reply = call_->handle(OP_STATE_GET, "long", {}, std::span(room).first(16));
  EXPECT_EQ(reply.value, 10'002);
  EXPECT_EQ(std::ranges::count(room, std::byte{0x11}), 64) << "nothing is written when it does not fit";
  EXPECT_EQ(call_->take(std::span(room).first(16)), 16);
  EXPECT_EQ(std::ranges::count(room, std::byte{0x11}), 48);
  EXPECT_EQ(call_->take(room), 0) << "it waits once";
  EXPECT_EQ(call_->take(std::span(room).first(0)), 0);
}

TEST_F(BorderTest, ASecondResultReplacesTheFirst) {
  EXPECT_EQ(ask(OP_RESULT, "1").trap, nullptr);
  EXPECT_EQ(ask(OP_RESULT, "2").trap, nullptr);
  EXPECT_EQ(call_->result().return_json, "2");
}

// No input makes the host misbehave; mostly checked by the sanitizers.
TEST_F(BorderTest, FuzzOfTheBorder) {
  std::mt19937_64 random(9);
  const std::string_view pieces[] = {"there", "{\"a\":1}", "[", "]", "\xff", "\0"sv, "1",
                                     "\"",    "\\ud800",   ":", ",", "e9",   ""};
  const auto some_text = [&] {
    std::string text;
    for (std::uint64_t n = random() % 6; n > 0; --n)
      text += pieces[random() % std::size(pieces)];
    return text;
  };
  for (std::uint64_t n = 0; n < testing::steps(200'000) && !HasFailure(); ++n) {
    if (n % 100 == 0) {
      committed();
      std::string text;
      append_result_json(text, call_->result(), WithLogs::kYes);
      ASSERT_EQ(check_json(text), JsonError::kNone) << text;
      begin();
    }
    out_.resize(random() % 64);
    const std::string a = some_text(), b = some_text();
    if (random() % 5 == 0) {
      ASSERT_LE(call_->take(out_), static_cast<std::int32_t>(out_.size()));
    } else {
      ask(static_cast<std::int32_t>(random() % 16) - 1, a, b);
    }
  }
}

// ---- a subverted interpreter: an image with changed bytes ----

class SubvertedTest : public ::testing::Test {
 protected:
  void SetUp() override { spdlog::set_level(spdlog::level::off); }
  void TearDown() override { spdlog::set_level(spdlog::level::info); }

  std::vector<std::byte> bytes_of(const memory::Image& image) {
    std::vector<std::byte> bytes(image.size_bytes());
    for (std::size_t page = 0; page < image.pages(); ++page)
      memory::put(bytes.data() + page * kPageBytes, (*image.unfold())[page], kPageBytes);
    return bytes;
  }
  void replace_all(std::vector<std::byte>& bytes, std::string_view from, std::string_view to) {
    auto* begin = reinterpret_cast<char*>(bytes.data());
    std::size_t found = 0;
    for (auto* at = begin;;) {
      at = std::search(at, begin + bytes.size(), from.begin(), from.end());
      if (at == begin + bytes.size()) break;
      at = std::copy(to.begin(), to.end(), at);
      ++found;
    }
    EXPECT_GT(found, 0U) << from;
  }

  testing::Sandbox sandbox_;
};

TEST_F(SubvertedTest, ForgedResultIsInternalErrorAndRetiresInstance) {
  const std::string source = "return [new Boolean(true)]";  // JSON.stringify takes the text from memory
  auto bytes = bytes_of(**sandbox_.load(source));
  replace_all(bytes, "true", "{}},");
  const auto forged = memory::Image::freeze(bytes, nullptr);
  sandbox_.run_image(forged, source).expect(ErrorCode::kInternalError).expect_message("not JSON");
  Instance* const liar = &sandbox_.instance();  // a new one, because the forging one was terminated
  EXPECT_EQ(liar->executions(), 0U);
  sandbox_.run("return [true]").expect_value("[true]");
}

TEST_F(SubvertedTest, ForgedEventDiscardsAllChanges) {
  const std::string source = "$state.kept = 1; $emit('e', [true]); return 1";
  auto bytes = bytes_of(**sandbox_.load(source));
  replace_all(bytes, "true", "{}},");
  const auto outcome = sandbox_.run_image(memory::Image::freeze(bytes, nullptr), source);
  outcome.expect(ErrorCode::kInternalError);
  EXPECT_TRUE(outcome.result().journal.mutations.empty());
  EXPECT_EQ(sandbox_.instance().executions(), 0U);
}

// Changes random bytes of the interpreter's data, function pointers and lengths included. The call may end in any
// way, but the process survives and the next handler is unaffected.
TEST_F(SubvertedTest, FuzzOfTheInterpretersData) {
  const std::string source = R"(
    const text = JSON.stringify({ list: [1.5, 'two', null, true], text: 'x'.repeat(100) });
    $state.a = { deep: [text] }; $state.a.deep.push(Date.now()); delete $state.there;
    $emit('event', JSON.parse(text)); $view.setFilter('v', { a: 1 }); $log('line', $args);
    crypto.getRandomValues(new Uint8Array(100));
    return [...new Map([[1, /x(y)?/.exec('xy')], [2, Object.keys($state)]])].sort().map(String).join();)";
  const auto image = *sandbox_.load(source);
  const auto healthy = bytes_of(*image);
  std::vector<std::size_t> in_use;
  for (std::size_t i = 0; i + 4 <= healthy.size(); i += 4) {
    if (std::any_of(healthy.begin() + static_cast<std::ptrdiff_t>(i),
                    healthy.begin() + static_cast<std::ptrdiff_t>(i) + 4,
                    [](std::byte b) { return b != std::byte{0}; })) {
      in_use.push_back(i);
    }
  }
  std::mt19937_64 random(11);
  Limits limits;
  limits.timeout_ms = kLeastTimeoutMs;
  limits.memory_limit_bytes = 8_MiB;
  std::map<std::string_view, int> ends;
  for (std::uint64_t n = 0; n < testing::steps(1'000); ++n) {
    auto bytes = healthy;
    for (std::uint64_t changes = 1ULL << (random() % 10); changes > 0; --changes) {
      std::uint32_t word = random() % 2 == 0 ? static_cast<std::uint32_t>(random())
                                             : UINT32_MAX - static_cast<std::uint32_t>(random() % 64);
      if (random() % 4 == 0) word = static_cast<std::uint32_t>(in_use[random() % in_use.size()]);
      std::memcpy(bytes.data() + in_use[random() % in_use.size()], &word, sizeof word);
    }
    const auto outcome = sandbox_.run_image(memory::Image::freeze(bytes, image), source,
                                            {.state = R"({"there":1})", .limits = limits});
    ++ends[outcome.result().error ? name(outcome.result().error->code) : "success"];
    EXPECT_EQ(check_json(outcome.describe()), JsonError::kNone) << outcome.describe();
    const bool is_retired = sandbox_.instance().executions() == 0;
    EXPECT_TRUE(is_retired || sandbox_.instance().is_pristine());
    if (n % 50 == 0) sandbox_.run("return 1").expect_value("1");
  }
  for (const auto& [end, count] : ends)
    RecordProperty(std::string(end), count);
  EXPECT_GT(ends["INTERNAL_ERROR"], 0);
}

}  // namespace
}  // namespace nexus::sandbox
