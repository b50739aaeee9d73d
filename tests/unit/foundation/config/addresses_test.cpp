#include "nexus/foundation/config/addresses.h"

#include <gtest/gtest.h>

#include <string>

namespace nexus::config {
namespace {

using namespace std::string_view_literals;

TEST(Addresses, AreIpAddressesAndLocalhost) {
  for (const auto text : {"127.0.0.1", "0.0.0.0", "::", "::1", "fe80::1", "localhost"})
    EXPECT_TRUE(is_address(text)) << text;
  for (const auto text :
       {""sv, "localhost."sv, "example.org"sv, "127.1"sv, "[::1]"sv, "1.2.3.4:80"sv, "1.2.3.4\0x"sv})
    EXPECT_FALSE(is_address(text)) << text;
}

TEST(Addresses, RecognizesLoopback) {
  for (const auto text : {"127.0.0.1", "127.255.255.254", "::1", "localhost"})
    EXPECT_TRUE(is_loopback(text)) << text;
  for (const auto text : {"0.0.0.0", "::", "128.0.0.1", "10.0.0.1", "::2", ""})
    EXPECT_FALSE(is_loopback(text)) << text;
}

TEST(Addresses, HostsHaveNamesAndMayHavePorts) {
  for (const auto text :
       {"a", "a.example", "a-b.example:80", "my_service", "a.example.", "[::1]", "[::1]:3000", "1.2.3.4"})
    EXPECT_TRUE(is_host(text)) << text;
  for (const auto text : {"", ".", "a..b", ".a", "a b", "a/b", "http://a", "a:", "a:x", "a:65536", "[::1",
                          "[x]", "::1", "*", "*.a"})
    EXPECT_FALSE(is_host(text)) << text;
  EXPECT_FALSE(is_host(std::string(64, 'a')));
  EXPECT_FALSE(is_host_name("a.example:80"));
}

TEST(Addresses, DomainsMayBeginWithAStar) {
  for (const auto text : {"example.org", "*.example.org"})
    EXPECT_TRUE(is_domain_pattern(text)) << text;
  for (const auto text : {"", "*", "*.", "a.*.org", "*example.org", "https://example.org", "example.org:80"})
    EXPECT_FALSE(is_domain_pattern(text)) << text;
}

TEST(Addresses, OriginsHaveASchemeAndNoPath) {
  for (const auto text :
       {"https://a.example", "http://localhost:5173", "https://[::1]:8443", "HTTPS://a.example/"})
    EXPECT_TRUE(is_web_origin(text)) << text;
  for (const auto text : {"", "*", "null", "a.example", "ftp://a.example", "https://", "https://a.example/b",
                          "https://a.example//", "https://me@a.example"})
    EXPECT_FALSE(is_web_origin(text)) << text;
}

TEST(Addresses, ProxiesMayHaveAUser) {
  for (const auto text :
       {"", "http://proxy", "http://proxy:3128/", "https://me:p@ss@proxy:3128", "socks5://proxy:1080"})
    EXPECT_TRUE(is_proxy_url(text)) << text;
  for (const auto text : {"proxy", "proxy:3128", "ftp://proxy", "http://", "http://me@", "http://proxy/path"})
    EXPECT_FALSE(is_proxy_url(text)) << text;
}

}  // namespace
}  // namespace nexus::config
