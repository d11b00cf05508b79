// SRV records out of messages as name servers send them, and out of ones that nobody should send.
#include "net/service_records.h"

#include <gtest/gtest.h>

#include <string>

#include <weir/limits.h>

#include "net/lookup.h"
#include "support/name_server.h"

namespace weir::net {
namespace {

using test::NameServer;
using Records = std::optional<std::vector<ServiceRecord>>;

std::string message_of(std::uint16_t answers, const std::string& body) {
  return std::string("\x12\x34\x81\x80", 4) + NameServer::number(1) + NameServer::number(answers) +
         std::string(4, '\0') + NameServer::wire_name("_a._tcp.test") + NameServer::number(33) +
         NameServer::number(1) + body;
}

std::string content_of(std::uint16_t port, const std::string& wire_host) {
  return NameServer::number(1) + NameServer::number(2) + NameServer::number(port) + wire_host;
}

std::string service(std::uint32_t ttl, const std::string& content) {
  return NameServer::wire_record("_a._tcp.test", NameServer::kService, ttl, content);
}

Records parse(const std::string& message) {
  return parse_service_records(
      {reinterpret_cast<const unsigned char*>(message.data()), message.size()});
}

TEST(ServiceRecords, AreReadWithTheirTimesToLive) {
  const std::string first = service(30, content_of(80, NameServer::wire_name("a.test")));
  const std::string second = service(60, content_of(81, std::string("\xc0\x0c", 2)));
  const Records records = parse(message_of(2, first + second));
  ASSERT_TRUE(records);
  EXPECT_EQ(*records,
            (std::vector<ServiceRecord>{
                {.host = "a.test", .priority = 1, .weight = 2, .port = 80, .ttl = 30},
                {.host = "_a._tcp.test", .priority = 1, .weight = 2, .port = 81, .ttl = 60}}));
}

TEST(ServiceRecords, AliasesAndOtherRecordsAreNoHosts) {
  const std::string alias = NameServer::wire_record("_a._tcp.test", NameServer::kAlias, 5,
                                                    NameServer::wire_name("b.test"));
  const std::string other = NameServer::wire_record("b.test", 46, 1, "signature");
  const std::string root = service(0x8000'0000U, content_of(80, std::string(1, '\0')));
  const Records records = parse(message_of(3, alias + other + root));
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->front().host, "");
  EXPECT_EQ(records->front().ttl, 0U) << "a time to live with the highest bit set is none";
  const Records aliased =
      parse(message_of(2, alias + service(30, content_of(80, "\1a" + std::string(1, '\0')))));
  ASSERT_TRUE(aliased);
  EXPECT_EQ(aliased->front().ttl, 5U);
}

TEST(ServiceRecords, AMessageThatIsCutIsNone) {
  const std::string whole =
      message_of(1, service(30, content_of(80, NameServer::wire_name("a.test"))));
  ASSERT_TRUE(parse(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse(whole.substr(0, size))) << size;
  }
}

TEST(ServiceRecords, LengthsAndPointersThatLie) {
  EXPECT_FALSE(parse(message_of(1, service(1, content_of(80, "")))));
  EXPECT_FALSE(parse(message_of(1, service(1, content_of(80, "\1a" + std::string(2, '\0'))))));
  EXPECT_FALSE(parse(message_of(1, service(1, content_of(80, "\xff\xff")))));
  const std::string in_itself = message_of(1, service(1, content_of(80, "\xc0\x37")));
  EXPECT_FALSE(parse(in_itself));
  EXPECT_FALSE(parse(message_of(0xffff, service(1, content_of(80, NameServer::wire_name("a"))))));
}

TEST(ServiceRecords, NoMoreThanTheLimit) {
  const auto count_of = [](std::size_t count) {
    std::string body;
    for (std::size_t i = 0; i < count; ++i) {
      body += service(1, content_of(80, NameServer::wire_name("a.test")));
    }
    return parse(message_of(static_cast<std::uint16_t>(count), body))->size();
  };
  EXPECT_EQ(count_of(limits::kNameAddresses - 1), limits::kNameAddresses - 1);
  EXPECT_EQ(count_of(limits::kNameAddresses), limits::kNameAddresses);
  EXPECT_EQ(count_of(limits::kNameAddresses + 1), limits::kNameAddresses);
}

TEST(Addresses, NoMoreThanTheLimit) {
  const auto count_of = [](std::size_t count) {
    std::vector<ResolvedAddress> addresses(count);
    for (std::size_t i = 0; i < count; ++i) {
      addresses[i].address.port = static_cast<std::uint16_t>(i);
    }
    arrange(addresses);
    return addresses.size();
  };
  EXPECT_EQ(count_of(limits::kNameAddresses - 1), limits::kNameAddresses - 1);
  EXPECT_EQ(count_of(limits::kNameAddresses), limits::kNameAddresses);
  EXPECT_EQ(count_of(limits::kNameAddresses + 1), limits::kNameAddresses);
}

TEST(Addresses, OneOfSeveralPrioritiesCountsWithTheFirst) {
  const SocketAddress same{.ip = *parse_ip("10.0.0.1"), .port = 80, .unix_path = {}};
  std::vector<ResolvedAddress> addresses = {{.address = same, .priority = 2, .weight = 1},
                                            {.address = same, .priority = 1, .weight = 9}};
  arrange(addresses);
  ASSERT_EQ(addresses.size(), 1U);
  EXPECT_EQ(addresses[0].priority, 1);
}

}  // namespace
}  // namespace weir::net
