// $ext.http against hostile and broken servers.
#include <chrono>
#include <string>
#include <thread>

#include "unit/runtime/extensions/http_fixture.h"

namespace nexus::extensions {
namespace {

// A gzip of 1 + 258 * `repeats` zeros, with 13 bits for each repeat: deflate's fixed codes.
std::string gzip_of_zeros(std::size_t repeats) {
  std::string bytes("\x1f\x8b\x08\0\0\0\0\0\0\3", 10);
  unsigned held = 0, count = 0;
  const auto put = [&](unsigned bit) {
    held |= bit << count;
    if (++count < 8) return;
    bytes += static_cast<char>(held);
    held = count = 0;
  };
  const auto put_code = [&](const char* code) {
    for (; *code != '\0'; ++code)
      put(*code == '1');
  };
  put_code("110");       // the final block, with fixed codes
  put_code("00110000");  // a zero
  for (std::size_t i = 0; i < repeats; ++i)
    put_code("1100010100000");  // repeats the last byte 258 times
  put_code("0000000");
  while (count != 0)
    put(0);
  return bytes;
}

TEST_F(HttpTest, AServerThatNeverResponds) {
  HttpServer server([](Peer& peer) {
    peer.read();
    peer.wait_for_end();
  });
  const Settlement settlement = get_within(server.url(), 30);
  EXPECT_TRUE(is_error(settlement, "TimeoutError"));
  EXPECT_THAT(settlement.json, HasSubstr("127.0.0.1 did not answer within 30 ms"));
  EXPECT_EQ(started_.ttl_ms, 30u + 60'000u);
}

TEST_F(HttpTest, AResponseThatStopsHalfway) {
  HttpServer server([](Peer& peer) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.wait_for_end();
  });
  EXPECT_TRUE(is_error(get_within(server.url(), 50), "TimeoutError"));
}

TEST_F(HttpTest, AResponseByteByByte) {
  HttpServer server(HttpServer::each([](Peer& peer, const std::string&) {
    for (const char c : std::string_view("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
      peer.write({&c, 1});
  }));
  expect_value(get(server.url()), "\"body\":\"abc\"");
}

TEST_F(HttpTest, AnEndlessResponseByteByByte) {
  for (const char* begin : {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"}) {
    HttpServer server([begin](Peer& peer) {
      peer.read();
      peer.write(begin);
      while (peer.write("x"))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    });
    EXPECT_TRUE(is_error(get_within(server.url(), 100), "TimeoutError")) << begin;
  }
}

TEST_F(HttpTest, ALateResponseIsNotTakenForTheNext) {
  Gate late;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string& request) {
    if (!request.contains("/late")) return void(peer.response("next"));
    late.wait();
    peer.response("late");
  }));
  EXPECT_TRUE(is_error(get_within(server.url("/late"), 50), "TimeoutError"));
  const CallId next = begin("get", "[\"" + server.url("/next") + "\"]");
  late.open();
  const Settlement settlement = settlements_.of(next);
  expect_value(settlement, "\"body\":\"next\"");
  EXPECT_THAT(settlement.json, Not(HasSubstr("late")));
}

TEST_F(HttpTest, AResetBeforeOrWithinTheResponse) {
  HttpServer server([](Peer& peer) {
    const auto request = peer.read();
    if (request && request->contains("/within"))
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.reset();
  });
  for (const char* path : {"/before", "/within"}) {
    const Settlement settlement = get(server.url(path));
    EXPECT_TRUE(is_error(settlement, "HttpError"));
    EXPECT_THAT(settlement.json, HasSubstr("\"code\":\"CONNECTION_LOST\"")) << path;
  }
}

TEST_F(HttpTest, APortWithoutAListener) {
  std::string url;
  {
    HttpServer server([](Peer&) {});
    url = server.url();
  }
  EXPECT_THAT(get(url).json, HasSubstr("\"code\":\"CONNECT_FAILED\""));
}

TEST_F(HttpTest, AServerWithoutTls) {
  HttpServer server([](Peer& peer) { peer.write("HTTP/1.1 400 Bad\r\n\r\n"); });
  EXPECT_THAT(get("https://127.0.0.1:" + server.port()).json, HasSubstr("\"code\":\"TLS_FAILED\""));
}

TEST_F(HttpTest, ABodyAtTheLimitAndOneByteMore) {
  HttpServer server(HttpServer::each([](Peer& peer, const std::string& request) {
    peer.response(std::string(kMostBody + (request.contains("/more") ? 1 : 0), 'x'));
  }));
  EXPECT_GT(get(server.url()).json.size(), kMostBody);
  EXPECT_TRUE(is_error(get(server.url("/more")), "ResponseTooLarge"));
}

TEST_F(HttpTest, AnEndlessBody) {
  HttpServer server([](Peer& peer) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    while (peer.write("5\r\nabcde\r\n")) {
    }
  });
  EXPECT_TRUE(is_error(get(server.url()), "ResponseTooLarge"));
}

TEST_F(HttpTest, EndlessHeaders) {
  HttpServer server([](Peer& peer) {
    peer.read();
    peer.write("HTTP/1.1 200 OK\r\n");
    while (peer.write("A: b\r\n")) {
    }
  });
  EXPECT_TRUE(is_error(get(server.url()), "ResponseTooLarge"));
}

TEST_F(HttpTest, EndlessInterimResponses) {
  HttpServer server([](Peer& peer) {
    peer.read();
    while (peer.write("HTTP/1.1 103 Early\r\nLink: x\r\n\r\n")) {
    }
  });
  EXPECT_TRUE(is_error(get(server.url()), "ResponseTooLarge"));
}

TEST_F(HttpTest, AGzipBombIsStoppedAtTheLimit) {
  HttpServer server(HttpServer::each([](Peer& peer, const std::string& request) {
    // 100 blocks of 258 zeros are read; 4 million blocks would be a gigabyte.
    peer.response(gzip_of_zeros(request.contains("/bomb") ? 4'000'000 : 100), "Content-Encoding: gzip\r\n");
  }));
  EXPECT_TRUE(is_error(get(server.url("/bomb")), "ResponseTooLarge"));
  EXPECT_LT(ledger_.granted(budget::Kind::kBuffers), 1'000'000u);
}

TEST_F(HttpTest, AWrongContentLength) {
  HttpServer server([](Peer& peer) {
    const auto request = peer.read();
    if (request && request->contains("/short"))
      peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    if (request && request->contains("/none")) peer.write("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc");
    if (request && request->contains("/two")) peer.write("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc");
  });
  for (const char* path : {"/short", "/none", "/two"})
    EXPECT_TRUE(is_error(get(server.url(path)), "HttpError")) << path;
}

TEST_F(HttpTest, AServerThatSpeaksNoHttp) {
  HttpServer server([](Peer& peer) {
    const auto request = peer.read();
    if (request && request->contains("/chunks"))
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nabc\r\n");
    if (request && request->contains("/old")) peer.write("just text");
    if (request && request->contains("/gzip"))
      peer.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde");
    if (request && request->contains("/zero")) peer.write({"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25});
  });
  for (const char* path : {"/chunks", "/old", "/gzip", "/zero"})
    EXPECT_TRUE(is_error(get(server.url(path)), "HttpError")) << path;
}

TEST_F(HttpTest, EndlessRedirects) {
  int count = 0;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    ++count;
    peer.response("", "Location: /again\r\n", "302 Found");
  }));
  const Settlement settlement = get(server.url());
  EXPECT_TRUE(is_error(settlement, "HttpError"));
  EXPECT_THAT(settlement.json, HasSubstr("\"code\":\"TOO_MANY_REDIRECTS\""));
  EXPECT_EQ(count, 6);
}

TEST_F(HttpTest, RedirectsToOtherSchemes) {
  std::string where;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    peer.response("", "Location: " + where + "\r\n", "302 Found");
  }));
  for (const char* place :
       {"ftp://example.org/", "file:///etc/passwd", "http://", "http://u:hidden@example.org/"}) {
    where = place;
    const Settlement settlement = get(server.url());
    EXPECT_TRUE(is_error(settlement, "HttpError")) << place;
    EXPECT_THAT(settlement.json, HasSubstr("\"code\":\"BAD_REDIRECT\"")) << place;
    EXPECT_THAT(settlement.json, Not(HasSubstr("hidden")));
  }
}

TEST_F(HttpTest, ANonIdempotentRequestIsSentOnce) {
  // Each connection gets one response, and then takes one more request without a response.
  std::vector<std::string> seen;
  std::mutex mutex;
  HttpServer server([&](Peer& peer) {
    for (int i = 0; i < 2; ++i) {
      const auto request = peer.read();
      if (!request) return;
      const std::lock_guard lock(mutex);
      seen.push_back(request->substr(0, request->find(' ')));
      if (i == 0) peer.response("x");
    }
  });
  expect_value(get(server.url()), "\"body\":\"x\"");
  const Settlement post = call("post", "[\"" + server.url() + "\",\"x\"]");
  EXPECT_TRUE(is_error(post, "HttpError"));
  EXPECT_THAT(post.json, HasSubstr("\"code\":\"CONNECTION_LOST\""));
  expect_value(get(server.url()), "\"body\":\"x\"");
  expect_value(call("post", "[\"" + server.url() + "\",\"x\",{\"idempotent\":true}]"), "\"body\":\"x\"");
  EXPECT_THAT(seen, ::testing::ElementsAre("GET", "POST", "GET", "POST", "POST"));
}

TEST_F(HttpTest, ErrorsContainNoCredentials) {
  HttpServer server([](Peer& peer) {
    const auto request = peer.read();
    if (request && request->contains("/garbage")) peer.write("hidden garbage");
    if (request && request->contains("/never")) peer.wait_for_end();
  });
  const std::string options =
      R"(",{"timeoutMs":300,"headers":{"authorization":"Bearer hidden","cookie":"hidden"}}])";
  for (const std::string& url :
       {server.url("/lost?key=hidden"), server.url("/garbage?hidden"), server.url("/never?hidden"),
        "https://127.0.0.1:" + server.port() + "/?hidden", std::string("http://user:hidden@example.org/"),
        std::string("http://exa mple.org/?hidden"), std::string("ftp://hidden/")}) {
    const Settlement settlement = call("get", "[\"" + url + options);
    EXPECT_EQ(settlement.kind, Settlement::Kind::kError) << settlement.json;
    EXPECT_THAT(settlement.json, Not(HasSubstr("hidden")));
  }
}

}  // namespace
}  // namespace nexus::extensions
