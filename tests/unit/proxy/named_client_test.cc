// Clusters whose connections name their clients: each is for one client and no other, whatever is
// idle, and says whose it is before anything else.
#include <gtest/gtest.h>

#include <string>

#include "net/proxy_header.h"
#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;

class NamedClient : public test::ExchangeTest {
 protected:
  NamedClient() {
    cluster().proxy_protocol = config::SendProxy::v1;
    listener().proxy_protocol = true;  // how the tests set clients' addresses
    listener().trusted_proxies = {{.network = parse_ip("10.1.2.3").value().bytes, .prefix = 128}};
  }
  Party& arrive(std::string_view address, int port = 4711) {
    Party& client = connect({}, "10.1.2.3");
    client.sends(line(address, port));
    return client;
  }
  static std::string line(std::string_view address, int port = 4711) {
    return "PROXY TCP4 " + std::string(address) + " 198.51.100.1 " + std::to_string(port) +
           " 443\r\n";
  }
  // The connection's first bytes, up to the request.
  static std::string header_of(Party& origin) {
    const std::string bytes = origin.receives_bytes();
    return bytes.substr(0, bytes.find("GET "));
  }
  static void answer(Party& client, Party& origin) {
    origin.sends(kOk);
    EXPECT_EQ(client.receives().body, "ok");
  }
};

TEST_F(NamedClient, EachConnectionBeginsWithItsClientsHeader) {
  Party& client = arrive("203.0.113.9");
  client.sends(kGet);
  Party& origin = accept();
  EXPECT_EQ(header_of(origin), line("203.0.113.9"));
  answer(client, origin);
  client.sends(kGet);  // the same client's next request goes over the same connection
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(header_of(origin), "");
  answer(client, origin);
}

TEST_F(NamedClient, NoClientGetsAnothersConnection) {
  Party& first = arrive("203.0.113.9");
  first.sends(kGet);
  Party& origin = accept();
  answer(first, origin);
  EXPECT_TRUE(origin.is_connected());
  for (Party* other : {&arrive("203.0.113.8"), &arrive("203.0.113.9", 4712)}) {
    other->sends(kGet);
    ASSERT_EQ(connecting(), 1U) << "it took the idle connection of another client";
    answer(*other, accept());
  }
  EXPECT_EQ(open_upstreams(), 3U);
  origin.receives_bytes();
  first.sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_TRUE(origin.receives_bytes().starts_with("GET "));
  answer(first, origin);
}

TEST_F(NamedClient, OneConnectionMayBringManyClients) {
  listener().trusted_proxies.push_back(
      {.network = parse_ip("203.0.113.9").value().bytes, .prefix = 128});
  Party& proxy = arrive("203.0.113.9");
  for (const std::string address : {"192.0.2.1", "192.0.2.2"}) {
    proxy.sends("GET / HTTP/1.1\r\nHost: a.test\r\nX-Forwarded-For: " + address + "\r\n\r\n");
    Party& origin = accept();
    EXPECT_EQ(header_of(origin), line(address, 0));
    answer(proxy, origin);
  }
}

TEST_F(NamedClient, TheOldestIdleConnectionMakesRoom) {
  cluster().connections.idle = 2;
  Party& first = arrive("203.0.113.1");
  first.sends(kGet);
  Party& oldest = accept();
  answer(first, oldest);
  for (const std::string address : {"203.0.113.2", "203.0.113.3"}) {
    Party& client = arrive(address);
    client.sends(kGet);
    answer(client, accept());
  }
  EXPECT_FALSE(oldest.is_connected());
  EXPECT_EQ(open_upstreams(), 2U);
}

TEST_F(NamedClient, ConnectionsOfAnotherMannerAreNotUsedAgain) {
  cluster().proxy_protocol = config::SendProxy::off;
  Party& client = arrive("203.0.113.9");
  client.sends(kGet);
  Party& plain = accept();
  EXPECT_EQ(header_of(plain), "");
  answer(client, plain);
  cluster().proxy_protocol = config::SendProxy::v2;
  reload();
  EXPECT_FALSE(plain.is_connected());
  client.sends(kGet);
  Party& named = accept();
  net::ProxyHeader header;
  const std::string bytes = named.receives_bytes();
  EXPECT_EQ(net::read_proxy_header(bytes, header).verdict, net::ProxyHeaderStep::Verdict::complete);
  EXPECT_EQ(to_string(header.addresses.source), "203.0.113.9");
  // One that is in use across the change closes afterwards.
  cluster().proxy_protocol = config::SendProxy::v1;
  reload();
  answer(client, named);
  EXPECT_FALSE(named.is_connected());
}

TEST_F(NamedClient, ACopyNamesItsClientToo) {
  config::Cluster shadow = cluster();
  shadow.name = "shadow";
  shadow.endpoints[0].address.host = "10.0.9.1";
  file.clusters.push_back(shadow);
  config::Mirror mirror;
  mirror.cluster = "shadow";
  mirror.share = {1, 1};
  route().mirrors.push_back(mirror);
  Party& client = arrive("203.0.113.9");
  client.sends(kGet);
  Party& origin = accept_at("10.0.0.1:80");
  Party& copy = accept_at("10.0.9.1:80");
  EXPECT_EQ(header_of(copy), line("203.0.113.9"));
  copy.sends(kOk);
  answer(client, origin);
}

}  // namespace
}  // namespace weir::proxy
