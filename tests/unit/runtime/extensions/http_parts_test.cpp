// The parts of $ext.http that need no network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "nexus/foundation/base/base64.h"
#include "nexus/foundation/json/json.h"
#include "nexus/runtime/extensions/http_curl.h"
#include "nexus/runtime/extensions/http_queue.h"
#include "nexus/runtime/extensions/http_request.h"
#include "nexus/runtime/extensions/http_response.h"
#include "nexus/runtime/extensions/http_target.h"

namespace nexus::extensions {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Base64, EncodesAndDecodes) {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
      {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {std::string("\0\xff", 2), "AP8="}};
  for (const auto& [bytes, text] : pairs) {
    std::string out = ">";
    append_base64(out, bytes);
    EXPECT_EQ(out, '>' + text);
    EXPECT_EQ(from_base64(text), bytes);
    EXPECT_EQ(base64_size(bytes.size()), text.size());
  }
}

TEST(Base64, RejectsInvalidText) {
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zm9v\n", " Zm9v", "Zm9v ", "Z===", "====", "=g==", "Zg==Zg==", "Zm-_"})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(HttpQueue, TakesPanelsInTurnAndCallsInOrder) {
  HttpQueue queue;
  for (std::uint64_t id : {1, 2, 3})
    queue.add("a", CallId{id});
  queue.add("b", CallId{11});
  queue.add("c", CallId{21});
  queue.add("c", CallId{22});
  queue.remove(CallId{2});
  queue.remove(CallId{2});
  std::vector<std::uint64_t> order;
  while (const auto id = queue.take_next())
    order.push_back(static_cast<std::uint64_t>(*id));
  EXPECT_THAT(order, ::testing::ElementsAre(1, 11, 21, 3, 22));
  EXPECT_EQ(queue.size(), 0u);
}

std::string refusal(std::string_view call, const std::string& args) {
  const auto read = read_http_request(call, args, 30'000);
  return read ? "none" : std::string(read.error().name) + ": " + read.error().message;
}

TEST(HttpRequest, ReadsItsOptions) {
  const auto read = read_http_request(
      "request",
      R"([{"method":"patch","url":"http://a/","headers":{"X-A":"1","x-b":["2","3"]},"body":{"a": [1]},"timeoutMs":5.5,"idempotent":true}])",
      30'000);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->method, "PATCH");
  EXPECT_EQ(read->url, "http://a/");
  EXPECT_EQ(read->body, R"({"a": [1]})");
  EXPECT_EQ(read->timeout_ms, 6u);
  EXPECT_TRUE(read->is_idempotent);
  ASSERT_EQ(read->headers.size(), 4u);
  EXPECT_EQ(read->headers[2].value, "3");
  EXPECT_EQ(find_header(read->headers, "content-type")->value, "application/json");
}

TEST(HttpRequest, KnowsIdempotentRequests) {
  const auto is_idempotent = [](std::string_view call, const std::string& args) {
    return read_http_request(call, args, 1)->is_idempotent;
  };
  EXPECT_TRUE(is_idempotent("get", R"(["http://a/"])"));
  EXPECT_TRUE(is_idempotent("put", R"(["http://a/"])"));
  EXPECT_TRUE(is_idempotent("delete", R"(["http://a/"])"));
  EXPECT_FALSE(is_idempotent("post", R"(["http://a/"])"));
  EXPECT_FALSE(is_idempotent("patch", R"(["http://a/"])"));
  EXPECT_TRUE(is_idempotent("post", R"(["http://a/",null,{"idempotent":true}])"));
  EXPECT_FALSE(is_idempotent("get", R"(["http://a/",{"idempotent":false}])"));
}

TEST(HttpRequest, ReadsBodies) {
  const auto body = [](const std::string& json) {
    return read_http_request("post", R"(["http://a/",)" + json + ']', 1);
  };
  EXPECT_EQ(body(R"("a\nb")")->body, "a\nb");
  EXPECT_EQ(find_header(body(R"("a")")->headers, "Content-Type")->value, "text/plain;charset=UTF-8");
  EXPECT_EQ(body("[1,2]")->body, "[1,2]");
  EXPECT_EQ(body(R"({"base64":"AP8="})")->body, std::string("\0\xff", 2));
  EXPECT_TRUE(body(R"({"base64":"AP8="})")->headers.empty());
  EXPECT_EQ(body(R"({"base64":"AP8=","more":1})")->body, R"({"base64":"AP8=","more":1})");
  EXPECT_EQ(body(R"({"base64":7})")->body, R"({"base64":7})");
  EXPECT_EQ(body("null")->body, std::nullopt);
  EXPECT_EQ(body("{}")->body, "{}");
  EXPECT_FALSE(body(R"({"base64":"?"})"));
  EXPECT_FALSE(body("1"));
  EXPECT_FALSE(body("true"));
}

TEST(HttpRequest, RejectsWrongOptions) {
  EXPECT_THAT(refusal("get", "[]"), HasSubstr("there is no URL"));
  EXPECT_THAT(refusal("get", "[1]"), HasSubstr("the URL must be a string"));
  EXPECT_THAT(refusal("get", R"(["http://a/",1])"), HasSubstr("options of get() must be an object"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{"body":"x"}])"), HasSubstr("body is no option of get()"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{},1])"), HasSubstr("takes no argument 3"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{"timeout":1}])"), HasSubstr("timeout is no option"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{"timeoutMs":"1"}])"), HasSubstr("TypeError: timeoutMs"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{"timeoutMs":0}])"), HasSubstr("RangeError: timeoutMs"));
  EXPECT_THAT(refusal("get", R"(["http://a/",{"idempotent":1}])"), HasSubstr("idempotent must be"));
  EXPECT_THAT(refusal("request", R"([{"url":"http://a/","body":"x"}])"), HasSubstr("GET has no body"));
  EXPECT_THAT(refusal("request", R"([{"url":"http://a/","method":"G\r\nX: y"}])"),
              HasSubstr("method must be"));
  EXPECT_THAT(refusal("request", R"([{"url":"http://a/","method":"connect"}])"), HasSubstr("CONNECT"));
  EXPECT_EQ(read_http_request("get", R"(["http://a/",{"timeoutMs":99999}])", 30'000)->timeout_ms, 30'000u);
}

TEST(HttpRequest, RejectsAmbiguousHeaders) {
  const auto header = [](const std::string& json) {
    return refusal("get", R"(["http://a/",{"headers":{)" + json + "}}]");
  };
  EXPECT_THAT(header(R"("x":"a\r\nhost: b")"), HasSubstr("line's end"));
  EXPECT_THAT(header(R"("x":"a\nb")"), HasSubstr("line's end"));
  EXPECT_THAT(header(R"("x":"a\u0000b")"), HasSubstr("control character"));
  EXPECT_THAT(header(R"("x":["a","b\r"])"), HasSubstr("line's end"));
  EXPECT_THAT(header(R"("x: y\r\nz":"a")"), HasSubstr("must be a token"));
  EXPECT_THAT(header(R"("":"a")"), HasSubstr("must be a token"));
  EXPECT_THAT(header(R"("x":1)"), HasSubstr("must be a string"));
  for (const char* name : {"Host", "connection", "Content-Length", "transfer-encoding", "TE", "Trailer",
                           "Upgrade", "Keep-Alive", "Expect", "Proxy-Authorization", "proxy-connection"}) {
    EXPECT_THAT(header('"' + std::string(name) + R"(":"a")"), HasSubstr("not the handler's to set")) << name;
  }
  EXPECT_EQ(header(R"("authorization":"Bearer x","cookie":"a=b","accept":"*/*")"), "none");
}

class HttpTargetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto loaded = load_curl();
    ASSERT_TRUE(loaded) << loaded.error().message;
  }
};

TEST_F(HttpTargetTest, IsNormalised) {
  const auto url = [](std::string_view text) {
    const auto target = read_target(text);
    return target ? target->url + " " + target->host : target.error().message;
  };
  EXPECT_EQ(url("HTTP://Example.ORG/a?b=c#d"), "http://example.org/a?b=c example.org");
  EXPECT_EQ(url("http://example.org."), "http://example.org./ example.org");
  EXPECT_EQ(url("http://127.1/"), "http://127.0.0.1/ 127.0.0.1");
  EXPECT_EQ(url("http://0x7f000001/"), "http://127.0.0.1/ 127.0.0.1");
  EXPECT_EQ(url("http://2130706433/"), "http://127.0.0.1/ 127.0.0.1");
  EXPECT_EQ(url("http://017700000001/"), "http://127.0.0.1/ 127.0.0.1");
  EXPECT_EQ(url("http://[::1]:80/"), "http://[::1]:80/ ::1");
  EXPECT_EQ(url("http://a/ä b"), "http://a/%c3%a4%20b a");
  EXPECT_EQ(read_target("https://a.example/")->origin, read_target("https://A.example:443/x")->origin);
  EXPECT_NE(read_target("http://a.example/")->origin, read_target("http://a.example:81/")->origin);
}

TEST_F(HttpTargetTest, RejectsOtherUrls) {
  for (const char* text :
       {"", "/a", "example.org", "//example.org/", "ftp://example.org/", "file:///etc/passwd", "gopher://a/",
        "http://", "http://bücher.example/", "http://１２７.0.0.1/", "http://a。b/", "http://a b/",
        "http://[::1/", "http://a:99999/", "javascript:1", "http://a\r\nb/", "data:,x"}) {
    EXPECT_FALSE(read_target(text)) << text;
  }
  EXPECT_FALSE(read_target(std::string_view("http://a/\0b", 11)));
  EXPECT_FALSE(read_target("http://a/" + std::string(20'000, 'x')));
}

TEST_F(HttpTargetTest, RejectsCredentialsWithoutRepeatingThem) {
  for (const char* text :
       {"http://ada:secret@example.org/", "https://secret@example.org/?secret", "http://:secret@a/"}) {
    const auto target = read_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_THAT(target.error().message, HasSubstr("a user or a password"));
    EXPECT_THAT(target.error().message, Not(HasSubstr("secret")));
  }
}

TEST_F(HttpTargetTest, ChecksTheDomainList) {
  config::HttpExtensionConfig config;
  config.allowed_domains = {"example.org", "*.Example.com"};
  const auto is_allowed = [&](std::string_view url) { return !check_target(*read_target(url), config); };
  EXPECT_TRUE(is_allowed("http://example.org/"));
  EXPECT_TRUE(is_allowed("http://EXAMPLE.org.:8080/"));
  EXPECT_TRUE(is_allowed("http://a.example.com/"));
  EXPECT_TRUE(is_allowed("http://a.b.example.com/"));
  EXPECT_FALSE(is_allowed("http://example.com/"));
  EXPECT_FALSE(is_allowed("http://a.example.org/"));
  EXPECT_FALSE(is_allowed("http://badexample.com/"));
  EXPECT_FALSE(is_allowed("http://example.org.evil.net/"));
  EXPECT_FALSE(is_allowed("http://8.8.8.8/"));
  EXPECT_EQ(check_target(*read_target("http://other.net/"), config)->name, "DomainNotAllowed");
}

TEST_F(HttpTargetTest, ChecksAddresses) {
  const config::HttpExtensionConfig config;
  for (const char* url :
       {"http://127.0.0.1/", "http://127.1/", "http://0/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/", "https://[fe80::1%25eth0]/", "http://0xa9fea9fe/"}) {
    const auto error = check_target(*read_target(url), config);
    ASSERT_TRUE(error) << url;
    EXPECT_EQ(error->name, "AddressNotAllowed") << url;
  }
  EXPECT_FALSE(check_target(*read_target("http://8.8.8.8/"), config));
  EXPECT_FALSE(check_target(*read_target("http://localhost/"), config)) << "when it is looked up";
}

class HttpResponseTest : public ::testing::Test {
 protected:
  std::string json(const std::string& type, const std::string& body) {
    HttpResponse response{200, {}, body};
    if (!type.empty()) response.headers.push_back({"Content-Type", type});
    grant_.shrink_to(0);
    std::string text = *response_json(response, grant_);
    EXPECT_LE(text.capacity(), grant_.bytes() + 32);
    EXPECT_EQ(check_json(text), JsonError::kNone) << text;
    return text.substr(text.find('}') + 1);  // after the headers
  }

  budget::UnlimitedLedger ledger_;
  budget::Grant grant_ = ledger_.open(budget::Kind::kBuffers);
};

TEST_F(HttpResponseTest, TextIsText) {
  EXPECT_EQ(json("text/html", "<p>\"ü\""), R"(,"body":"<p>\"ü\""})");
  EXPECT_EQ(json("", "x"), R"(,"body":"x"})");
  EXPECT_EQ(json("image/svg+xml", "<svg/>"), R"(,"body":"<svg/>"})");
  EXPECT_EQ(json("image/png", ""), R"(,"body":""})");
}

TEST_F(HttpResponseTest, BytesAreBase64) {
  EXPECT_EQ(json("image/png", "abc"), R"(,"bodyBase64":"YWJj"})");
  EXPECT_EQ(json("text/plain; charset=latin1", "\xfc"), R"(,"bodyBase64":"/A=="})");
  EXPECT_EQ(json("application/json", "\"\xfc\""), R"(,"bodyBase64":"Ivwi"})");
}

TEST_F(HttpResponseTest, JsonIsInBodyAndJson) {
  EXPECT_EQ(json("Application/JSON; charset=utf-8", "{\"a\": 1}"),
            R"(,"body":"{\"a\": 1}","json":{"a": 1}})");
  EXPECT_EQ(json("application/problem+json", "[]"), R"(,"body":"[]","json":[]})");
  EXPECT_EQ(json("application/json", "{\"a\": 1"), R"(,"body":"{\"a\": 1"})");
  EXPECT_EQ(json("application/json", ""), R"(,"body":""})");
  EXPECT_EQ(json("text/plain", "{}"), R"(,"body":"{}"})");
}

TEST_F(HttpResponseTest, JsonTooDeepForTheResponseIsTextOnly) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_THAT(json("application/json", nested(127)), HasSubstr("\"json\":[["));
  EXPECT_THAT(json("application/json", nested(128)), Not(HasSubstr("\"json\"")));
}

TEST(HttpHeaders, AreJoined) {
  EXPECT_EQ(headers_json(
                {{"X-B", "1"}, {"Set-Cookie", "a=1, b"}, {"x-b", "2"}, {"SET-COOKIE", "c=2"}, {"A", "\xfc"}}),
            "{\"a\":\"\xEF\xBF\xBD\",\"x-b\":\"1, 2\",\"set-cookie\":[\"a=1, b\",\"c=2\"]}");
  EXPECT_EQ(headers_json({}), "{}");
}

}  // namespace
}  // namespace nexus::extensions
