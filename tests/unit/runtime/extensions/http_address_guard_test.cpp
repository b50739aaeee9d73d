#include "nexus/runtime/extensions/http_address_guard.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace nexus::extensions {
namespace {

using ::testing::HasSubstr;

std::optional<std::string_view> rule4(std::uint32_t address) {
  sockaddr_in ipv4{};
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = htonl(address);
  return refusing_rule(reinterpret_cast<const sockaddr&>(ipv4));
}

std::optional<std::string_view> rule6(const std::string& text) {
  sockaddr_in6 ipv6{};
  ipv6.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &ipv6.sin6_addr), 1) << text;
  return refusing_rule(reinterpret_cast<const sockaddr&>(ipv6));
}

std::uint32_t number(const std::string& text) {
  in_addr address{};
  EXPECT_EQ(inet_pton(AF_INET, text.c_str(), &address), 1) << text;
  return ntohl(address.s_addr);
}

// The same table as pairs of first and last address, in order.
const std::vector<std::pair<std::string, std::string>> kRefused4{
    {"0.0.0.0", "0.255.255.255"},       {"10.0.0.0", "10.255.255.255"},
    {"100.64.0.0", "100.127.255.255"},  {"127.0.0.0", "127.255.255.255"},
    {"168.63.129.16", "168.63.129.16"}, {"169.254.0.0", "169.254.255.255"},
    {"172.16.0.0", "172.31.255.255"},   {"192.0.0.0", "192.0.0.255"},
    {"192.0.2.0", "192.0.2.255"},       {"192.88.99.0", "192.88.99.255"},
    {"192.168.0.0", "192.168.255.255"}, {"198.18.0.0", "198.19.255.255"},
    {"198.51.100.0", "198.51.100.255"}, {"203.0.113.0", "203.0.113.255"},
    {"224.0.0.0", "255.255.255.255"}};

TEST(HttpAddressGuard, ForbidsEachRangeFromFirstToLastAddress) {
  for (const auto& [first, last] : kRefused4) {
    EXPECT_TRUE(rule4(number(first))) << first;
    EXPECT_TRUE(rule4(number(last))) << last;
    if (number(first) != 0) {
      EXPECT_FALSE(rule4(number(first) - 1)) << "before " << first;
    }
    if (number(last) != 0xffff'ffff) {
      EXPECT_FALSE(rule4(number(last) + 1)) << "after " << last;
    }
  }
}

TEST(HttpAddressGuard, AgreesWithTheRangesOnTheWholeOfIPv4) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
  for (const auto& [first, last] : kRefused4)
    ranges.emplace_back(number(first), number(last));
  std::size_t at = 0;
  // The step has no common factor with 2^32, and is smaller than a /16.
  for (std::uint64_t wide = 0; wide <= 0xffff'ffff; wide += 1021) {
    const auto address = static_cast<std::uint32_t>(wide);
    while (address > ranges[at].second)
      ++at;
    ASSERT_EQ(rule4(address).has_value(), address >= ranges[at].first) << address;
  }
}

TEST(HttpAddressGuard, NamesTheRule) {
  EXPECT_EQ(rule4(number("127.0.0.1")), "loopback (127.0.0.0/8)");
  EXPECT_EQ(rule4(number("169.254.169.254")), "cloud metadata (169.254.169.254)");
  EXPECT_EQ(rule4(number("169.254.169.253")), "link-local (169.254.0.0/16)");
  EXPECT_EQ(rule4(number("255.255.255.255")), "broadcast (255.255.255.255)");
  EXPECT_EQ(rule6("fd00:ec2::254"), "cloud metadata (fd00:ec2::254)");
  EXPECT_EQ(rule6("::1"), "loopback (::1)");
  EXPECT_EQ(rule6("::ffff:8.8.8.8"), "IPv4-mapped (::ffff:0:0/96)");
}

TEST(HttpAddressGuard, ForbidsNonPublicIPv6) {
  for (const char* text : {"::",
                           "::1",
                           "::2",
                           "::127.0.0.1",
                           "::ffff:127.0.0.1",
                           "::ffff:8.8.8.8",
                           "::ffff:0:127.0.0.1",
                           "64:ff9b::127.0.0.1",
                           "64:ff9b::8.8.8.8",
                           "64:ff9b:1::1",
                           "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
                           "100::1",
                           "100:0:0:1::1",
                           "2001::1",
                           "2001:0:ffff::1",
                           "2001:1ff::1",
                           "2001:db8::1",
                           "2001:db8:ffff::1",
                           "2002:7f00:1::",
                           "2002:808:808::1",
                           "3fff::1",
                           "3fff:fff::1",
                           "4000::1",
                           "5f00::1",
                           "8000::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "fdff:ffff::1",
                           "fe80::1",
                           "febf:ffff::1",
                           "fec0::1",
                           "feff::1",
                           "ff00::1",
                           "ff02::1",
                           "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                           "1fff:ffff::1"}) {
    EXPECT_TRUE(rule6(text)) << text;
  }
}

TEST(HttpAddressGuard, AllowsPublicAddresses) {
  for (const char* text :
       {"2000::1", "2001:200::1", "2001:db7:ffff::1", "2001:db9::1", "2001:4860:4860::8888", "2003::1",
        "2606:4700::1111", "2a00:1450::1", "3ffe:ffff::1", "3fff:1000::1"}) {
    EXPECT_FALSE(rule6(text)) << text;
  }
  for (const char* text :
       {"1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.255.255", "172.32.0.0", "223.255.255.255"})
    EXPECT_FALSE(rule4(number(text))) << text;
}

TEST(HttpAddressGuard, ForbidsOtherAddressFamilies) {
  sockaddr_un unix_socket{};
  unix_socket.sun_family = AF_UNIX;
  EXPECT_TRUE(refusing_rule(reinterpret_cast<const sockaddr&>(unix_socket)));
}

TEST(HttpAddressGuard, ReadsTheHostOfAUrl) {
  EXPECT_TRUE(refusing_rule(std::string_view("127.0.0.1")));
  EXPECT_TRUE(refusing_rule(std::string_view("::1")));
  EXPECT_TRUE(refusing_rule(std::string_view("fe80::1%eth0")));
  EXPECT_FALSE(refusing_rule(std::string_view("8.8.8.8")));
  EXPECT_FALSE(refusing_rule(std::string_view("example.org")));
}

}  // namespace
}  // namespace nexus::extensions
