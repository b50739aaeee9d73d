// $ext.http and names. This program replaces the C library's lookup for names that end in ".test".
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

// The present address of a name; empty: no such name. Called on a thread of libcurl or of the extension.
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

TEST_F(HttpNamesTest, ForbidsPrivateAddresses) {
  expect_refused(get(server_.url()), "loopback");
  expect_refused(get("http://[::1]:" + server_.port()), "loopback");
  expect_refused(get("http://[::ffff:127.0.0.1]:" + server_.port()), "IPv4-mapped");
  expect_refused(get("http://0:" + server_.port()), "this network");
  expect_refused(get("http://169.254.169.254/latest/meta-data"), "cloud metadata");
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, ForbidsNamesOfPrivateAddresses) {
  expect_refused(get("http://localhost:" + server_.port()), "loopback");
  name("inside.test", [] { return "10.1.2.3"; });
  const Settlement settlement = get("http://inside.test/");
  expect_refused(settlement, "private (10.0.0.0/8)");
  EXPECT_THAT(settlement.json, HasSubstr("inside.test is 10.1.2.3"));
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, AllowsThemWhenConfigured) {
  config_.allow_private = true;
  name("mine.test", [] { return "127.0.0.1"; });
  expect_value(get("http://mine.test:" + server_.port()), "inside");
}

TEST_F(HttpNamesTest, AnUnknownNameIsAnError) {
  EXPECT_THAT(get("http://nowhere.test/").json, HasSubstr("\"code\":\"NAME_NOT_FOUND\""));
}

// The first lookup, by the check, gives a public address, and all later ones a private address. The address that is
// connected to must be the one that was checked.
TEST_F(HttpNamesTest, ANameWhoseAddressChangesIsStillForbidden) {
  std::atomic<int> lookups = 0;
  name("rebinding.test", [&lookups] { return ++lookups == 1 ? "203.0.112.1" : "127.0.0.1"; });
  const std::string url = "http://rebinding.test:" + server_.port();
  for (int call = 0; call < 2; ++call) {
    const Settlement settlement = get_within(url, 300);
    EXPECT_EQ(settlement.kind, Settlement::Kind::kError) << settlement.json;
  }
  EXPECT_GE(lookups, 1);
  EXPECT_EQ(server_.connections(), 0u);
  http_.reset();  // and without the cached first lookup
  expect_refused(get(url), "loopback");
  EXPECT_GE(lookups, 2);
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(HttpNamesTest, ARedirectIsCheckedLikeARequest) {
  std::string where;
  HttpServer outside(HttpServer::each([&](Peer& peer, const std::string&) {
    peer.response("", "Location: " + where + "\r\n", "302 Found");
  }));
  // The proxy takes the place of public servers. It is the operator's, so any address is allowed for it.
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

TEST_F(HttpNamesTest, AProxyGetsNoForbiddenRequest) {
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

TEST_F(HttpNamesTest, TheErrorOfAProxyContainsNoPassword) {
  config_.proxy = "http://user:hidden@gone.test:3128";
  name("outside.test", [] { return "93.184.216.34"; });
  const Settlement settlement = get("http://outside.test/");
  EXPECT_THAT(settlement.json, HasSubstr("\"code\":\"PROXY_FAILED\""));
  EXPECT_THAT(settlement.json, Not(HasSubstr("hidden")));
}

// A name server that does not respond blocks at most max_concurrent threads, and not the http thread.
class SlowNameTest : public HttpNamesTest, public ::testing::WithParamInterface<bool> {};

TEST_P(SlowNameTest, HoldsAPlaceUntilTheLookupEnds) {
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

TEST_P(SlowNameTest, DoesNotDelayTheEnd) {
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
