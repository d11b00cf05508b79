// The small values everything stands on: buffers, lists, text rules, addresses, the error table,
// random numbers.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include <weir/address.h>
#include <weir/error.h>

#include "base/ascii.h"
#include "base/buffer.h"
#include "base/hash.h"
#include "base/intrusive_list.h"
#include "base/random.h"

namespace weir {
namespace {

TEST(Buffer, GrowsAndKeepsItsMemoryWhenCleared) {
  Buffer buffer;
  for (int i = 0; i < 3000; ++i) buffer.append("ab");
  EXPECT_EQ(buffer.size(), 6000U);
  EXPECT_EQ(buffer.view(5998, 2), "ab");
  const std::size_t capacity = buffer.capacity();
  buffer.clear();
  EXPECT_EQ(buffer.capacity(), capacity);
  buffer.shrink(16);
  EXPECT_EQ(buffer.capacity(), 0U);
  buffer.append('x');
  EXPECT_EQ(buffer.view(), "x");
}

struct Item {
  explicit Item(int value) : number(value) {}
  int number;
  Link link;
};

TEST(IntrusiveList, ElementsUnlinkThemselvesWhenTheyDie) {
  IntrusiveList<Item, &Item::link> list;
  Item a(1);
  Item c(3);
  {
    Item b(2);
    list.push_back(a);
    list.push_back(b);
    list.push_front(c);
  }
  std::vector<int> seen;
  list.for_each([&](Item& item) { seen.push_back(item.number); });
  EXPECT_EQ(seen, (std::vector{3, 1}));
  list.for_each([](Item& item) { item.link.unlink(); });
  EXPECT_TRUE(list.empty());
  EXPECT_FALSE(a.link.linked());
}

TEST(Ascii, SplitsListsAsHttpDoes) {
  std::vector<std::string> elements;
  ascii::each_element(" a ,, b\t,c", [&](std::string_view element) {
    elements.emplace_back(element);
    return true;
  });
  EXPECT_EQ(elements, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(ascii::equals_ignoring_case("Keep-Alive", "keep-ALIVE"));
  EXPECT_FALSE(ascii::equals_ignoring_case("a", "ab"));
  EXPECT_TRUE(ascii::is_token("X-Y_z!"));
  EXPECT_FALSE(ascii::is_token("a b"));
  EXPECT_FALSE(ascii::is_token(""));
  EXPECT_FALSE(ascii::is_token(std::string_view("a\0", 2)));
}

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  for (const char* text : {"1.2.3.4", "255.255.255.255", "::1", "2001:db8::7"}) {
    const auto ip = parse_ip(text);
    ASSERT_TRUE(ip) << text;
    EXPECT_EQ(to_string(*ip), text);
  }
  EXPECT_EQ(to_string(*parse_ip("[::1]")), "::1");
  EXPECT_TRUE(parse_ip("::ffff:10.0.0.1")->is_v4());
  for (const char* text :
       {"", "1.2.3", "1.2.3.4:80", "[1.2.3.4]", "::g", "localhost", "1.2.3.4 "}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
  EXPECT_TRUE(parse_ip("127.1.2.3")->is_loopback());
  EXPECT_TRUE(parse_ip("::1")->is_loopback());
  EXPECT_FALSE(parse_ip("128.0.0.1")->is_loopback());
}

TEST(IpAddress, ASubscriberIsAnAddressOrASlash64) {
  const auto subscriber = [](const char* text) {
    return to_string(subscriber_of(parse_ip(text).value()));
  };
  EXPECT_EQ(subscriber("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(subscriber("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
  EXPECT_EQ(subscriber("2001:db8:1:2:ffff::"), "2001:db8:1:2::");
  EXPECT_EQ(subscriber("2001:db8:1:3::6"), "2001:db8:1:3::");
}

TEST(IpAddress, NetworksContainByPrefix) {
  const auto network = parse_ip("10.1.0.0")->bytes;
  EXPECT_TRUE(in_network(*parse_ip("10.1.255.1"), network, 112));
  EXPECT_FALSE(in_network(*parse_ip("10.2.0.1"), network, 112));
  EXPECT_TRUE(in_network(*parse_ip("10.1.127.1"), network, 113));
  EXPECT_FALSE(in_network(*parse_ip("10.1.128.1"), network, 113));
  EXPECT_TRUE(in_network(*parse_ip("::1"), network, 0));
}

TEST(SocketAddress, PrintsAsFilesSayIt) {
  EXPECT_EQ(to_string(SocketAddress{*parse_ip("::1"), 80, {}}), "[::1]:80");
  EXPECT_EQ(to_string(SocketAddress{*parse_ip("1.2.3.4"), 8080, {}}), "1.2.3.4:8080");
  EXPECT_EQ(to_string(SocketAddress{{}, 0, "/run/x.sock"}), "unix:/run/x.sock");
}

TEST(Errors, EveryRowIsUsable) {
  for (int i = 0; i <= static_cast<int>(Errc::system); ++i) {
    const auto code = static_cast<Errc>(i);
    EXPECT_FALSE(name_of(code).empty());
    EXPECT_FALSE(words_of(code).empty());
    // What is answered says why (RFC 9209).
    if (status_of(code) != 0) {
      EXPECT_FALSE(proxy_status_of(code).empty()) << name_of(code);
    }
  }
  EXPECT_EQ(status_of(Errc::head_too_large), 431);
  EXPECT_EQ(side_of(Errc::connect_refused), Side::upstream);
  EXPECT_FALSE(Error{});
}

TEST(Random, IsTheSameForASeedAndEvenBelowABound) {
  Random a(1);
  Random b(1);
  Random c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  int counts[10] = {};
  for (int i = 0; i < 100'000; ++i) ++counts[a.below(10)];
  for (int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

// Shares and stickiness of a running site depend on these values: they may never change.
TEST(Hash, IsStable) {
  EXPECT_EQ(hash64(""), 0xef46db3751d8e999ULL);
  EXPECT_EQ(hash64("weir"), hash64("weir"));
  EXPECT_NE(hash64("weir"), hash64("weir", 1));
  EXPECT_NE(mix64(1, 2), mix64(2, 1));
}

}  // namespace
}  // namespace weir
