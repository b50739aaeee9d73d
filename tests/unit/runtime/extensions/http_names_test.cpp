// $ext.http and names: the C library's own lookup is replaced in this program for names that end in ".test".
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "unit/runtime/extensions/http_fixture.h"

namespace nexus::extensions {
namespace {

// What a name stands for now; empty: there is no such name. On a thread of libcurl's or ours.
using Lookup = std::function<std::string()>;
std::mutex names_mutex;
std::map<std::string, Lookup> names;

void name(const std::string& host, Lookup lookup) {
  const std::lock_guard lock(names_mutex);
  names[host] = std::move(lookup);
}

}  // namespace
}  // namespace nexus::extensions

extern "C" int getaddrinfo(const char* host, const char* service, const addrinfo* hints, addrinfo** found) {
  using Real = decltype(&getaddrinfo);
  static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host == nullptr || !std::string_view(host).ends_with(".test")) return real(host, service, hints, found);
  nexus::extensions::Lookup lookup;
  {
    const std::lock_guard lock(nexus::extensions::names_mutex);
    lookup = nexus::extensions::names[host];
  }
  const std::string address = lookup ? lookup() : "";
  return address.empty() ? EAI_NONAME : real(address.c_str(), service, hints, found);
}

namespace nexus::extensions {
namespace {

class HttpNamesTest : public HttpTest {
 protected:
  HttpNamesTest() { config_.allow_private = false; }

  void expect_refused(const Settlement& settlement, const std::string& rule) {
    EXPECT_TRUE(is_error(settlement, "AddressNotAllowed"));
    EXPECT_THAT(settlement.json, HasSubstr(rule));
  }

  HttpServer server_{HttpServer::each([](Peer& peer, const std::string&) { peer.response("inside"); })};
};

TEST_F(HttpNamesTest, RefusesAddresses) {
  expect_refused(get(server_.url()), "loopback");
  expect_refused(get("http://[::1]:" + server_.port()), "loopback");
  expect_refused(get("http://[::ffff:127.0.0.1]:" + server_.port()), "IPv4-mapped");
  expect_refused(get("http://0:" + server_.port()), "this network");
  expect_refused(get("http://169.254.169.254/latest/meta-data"), "cloud metadata");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, RefusesNamesOfThem) {
  expect_refused(get("http://localhost:" + server_.port()), "loopback");
  name("inside.test", [] { return "10.1.2.3"; });
  const Settlement settlement = get("http://inside.test/");
  expect_refused(settlement, "private (10.0.0.0/8)");
  EXPECT_THAT(settlement.json, HasSubstr("inside.test is 10.1.2.3"));
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, LetsThemPassWhenTold) {
  config_.allow_private = true;
  name("mine.test", [] { return "127.0.0.1"; });
  expect_value(get("http://mine.test:" + server_.port()), "inside");
}

TEST_F(HttpNamesTest, AnUnknownNameIsAnError) {
  EXPECT_THAT(get("http://nowhere.test/").json, HasSubstr("\"code\":\"NAME_NOT_FOUND\""));
}

// Public when it is looked up first, by whoever checks it, and ever after not: what was checked is what is connected to.
TEST_F(HttpNamesTest, ANameThatChangesDoesNotSlipThrough) {
  std::atomic<int> lookups = 0;
  name("rebinding.test", [&lookups] { return ++lookups == 1 ? "203.0.112.1" : "127.0.0.1"; });
  const std::string url = "http://rebinding.test:" + server_.port();
  for (int call = 0; call < 2; ++call) {
    const Settlement settlement = get_within(url, 300);
    EXPECT_EQ(settlement.kind, Settlement::Kind::kError) << settlement.json;
  }
  EXPECT_GE(lookups, 1);
  EXPECT_EQ(server_.connections(), 0u);
  http_.reset();  // nor where the first response has been forgotten
  expect_refused(get(url), "loopback");
  EXPECT_GE(lookups, 2);
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, ARedirectIsCheckedLikeTheFirst) {
  std::string where;
  HttpServer outside(HttpServer::each([&](Peer& peer, const std::string&) {
    peer.response("", "Location: " + where + "\r\n", "302 Found");
  }));
  // The proxy stands for the world here: it is the operator's, so that its address may be any.
  config_.proxy = outside.url();
  name("world.test", [] { return "93.184.216.34"; });
  for (const char* place :
       {"http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://127.1/", "http://localhost/"}) {
    where = place;
    EXPECT_TRUE(is_error(get("http://world.test/"), "AddressNotAllowed")) << place;
  }
  config_.allowed_domains = {"world.test"};
  http_.reset();
  where = "http://example.org/";
  EXPECT_TRUE(is_error(get("http://world.test/"), "DomainNotAllowed"));
}

TEST_F(HttpNamesTest, AProxyIsNotAskedForWhatIsRefused) {
  std::vector<std::string> asked;
  HttpServer proxy(HttpServer::each([&](Peer& peer, const std::string& request) {
    asked.push_back(request.substr(0, request.find("\r\n")));
    peer.response("from the proxy");
  }));
  config_.proxy = "http://user:hidden@127.0.0.1:" + proxy.port();
  name("inside.test", [] { return "192.168.0.1"; });
  name("outside.test", [] { return "93.184.216.34"; });
  expect_refused(get("http://127.0.0.1/"), "loopback");
  expect_refused(get("http://inside.test/"), "private");
  EXPECT_TRUE(asked.empty());
  expect_value(get("http://outside.test/x"), "from the proxy");
  expect_value(get("http://unknown.test/"), "from the proxy");
  EXPECT_THAT(asked, ::testing::ElementsAre("GET http://outside.test/x HTTP/1.1",
                                            "GET http://unknown.test/ HTTP/1.1"));
}

TEST_F(HttpNamesTest, AProxyThatIsGoneIsToldWithoutItsPassword) {
  config_.proxy = "http://user:hidden@gone.test:3128";
  name("outside.test", [] { return "93.184.216.34"; });
  const Settlement settlement = get("http://outside.test/");
  EXPECT_THAT(settlement.json, HasSubstr("\"code\":\"PROXY_FAILED\""));
  EXPECT_THAT(settlement.json, Not(HasSubstr("hidden")));
}

// Neither the http thread nor more than max_concurrent threads wait for a name server that does not answer.
class SlowNameTest : public HttpNamesTest, public ::testing::WithParamInterface<bool> {};

TEST_P(SlowNameTest, TakesAPlaceUntilItIsKnown) {
  Gate known, asked;
  name("slow.test", [&] {
    asked.open();
    known.wait();
    return "127.0.0.1";
  });
  config_.max_concurrent = 1;
  if (GetParam()) {
    config_.proxy = server_.url();
  } else {
    config_.allow_private = true;
  }
  const CallId cancelled = begin("get", "[\"http://slow.test:" + server_.port() + "\"]");
  asked.wait();
  http_->cancel(cancelled);
  const Settlement settlement = get_within("http://93.184.216.34/", 20);
  EXPECT_TRUE(is_error(settlement, "TimeoutError"));
  EXPECT_THAT(settlement.json, HasSubstr("HTTP_MAX_CONCURRENT"));
  const CallId next =
      begin("get", GetParam() ? "[\"http://93.184.216.34/\"]" : "[\"" + server_.url() + "\"]");
  known.open();
  expect_value(settlements_.of(next), "inside");
  EXPECT_FALSE(settlements_.has(cancelled));
}

TEST_P(SlowNameTest, DoesNotHoldTheEnd) {
  Gate known, asked, done;
  name("slow.test", [&] {
    asked.open();
    known.wait();
    done.open();
    return "";
  });
  if (GetParam()) config_.proxy = server_.url();
  begin("get", "[\"http://slow.test/\"]");
  asked.wait();
  http_.reset();
  known.open();
  done.wait();
}

INSTANTIATE_TEST_SUITE_P(, SlowNameTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "WithProxy" : "Directly"; });

}  // namespace
}  // namespace nexus::extensions
