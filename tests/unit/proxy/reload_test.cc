// A new configuration under connections that stay open: requests in progress end on what they began
// with, the next ones see the new file, and what did not change keeps its connections.
#include <gtest/gtest.h>

#include <string>

#include "support/scenario.h"

namespace weir::proxy {
namespace {

using test::kGet;
using test::kOk;
using test::Party;

class Reload : public test::ExchangeTest {};

TEST_F(Reload, TheNextRequestOnAnOpenConnectionSeesTheNewFile) {
  Party& client = connect();
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
  route().action = config::ActionKind::respond;
  route().respond.status = 418;
  reload();
  client.sends(kGet);
  EXPECT_EQ(client.receives().status(), 418);
  EXPECT_EQ(records().size(), 2U);
}

TEST_F(Reload, ARequestInProgressEndsOnWhatItBeganWith) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  route().name = "other";
  route().response_headers.set.push_back({"X-New", "1"});
  reload();
  origin.sends(kOk);
  EXPECT_FALSE(client.receives().has("X-New"));
  EXPECT_EQ(last_record().route, "all");
  client.sends(kGet);
  origin.receives();
  origin.receives();
  origin.sends(kOk);
  EXPECT_TRUE(client.receives().has("X-New"));
  EXPECT_EQ(last_record().route, "other");
}

TEST_F(Reload, AnUnchangedClusterKeepsItsConnections) {
  Party& client = connect();
  client.sends(kGet);
  Party& origin = accept();
  origin.sends(kOk);
  client.receives();
  file.listeners[0].limits.headers = 50;
  reload();
  client.sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  origin.sends(kOk);
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Reload, AnEndpointThatWentIsNotUsedAndItsIdleConnectionsClose) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  EXPECT_EQ(connected_to(), "10.0.0.1:80");
  first.sends(kOk);
  client.receives();
  cluster().endpoints.erase(cluster().endpoints.begin());
  reload();
  EXPECT_FALSE(first.is_connected());
  client.sends(kGet);
  accept().sends(kOk);
  EXPECT_EQ(connected_to(), "10.0.0.2:80");
  EXPECT_EQ(client.receives().status(), 200);
}

TEST_F(Reload, ARequestAtAnEndpointThatWentFinishes) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  Party& first = accept();
  cluster().endpoints.erase(cluster().endpoints.begin());
  reload();
  first.sends("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlo");
  reload();
  first.sends("ng");
  const test::HttpText answer = client.receives();
  EXPECT_EQ(answer.body, "long");
  EXPECT_EQ(answer.whole, true);
  EXPECT_FALSE(first.is_connected());
}

TEST_F(Reload, AFailureOnOldEndpointsIsRetriedOnNewOnes) {
  set_endpoints(2);
  Party& client = connect();
  client.sends(kGet);
  cluster().endpoints = {{.address = {.host = "10.0.0.9", .port = 80, .unix_path = {}}}};
  reload();
  refuse();
  Party& fresh = accept();
  EXPECT_EQ(connected_to(), "10.0.0.9:80");
  fresh.sends(kOk);
  EXPECT_EQ(client.receives().body, "ok");
}

TEST_F(Reload, ConnectionsOfAListenerThatWentEndAfterTheirRequest) {
  Party& busy = connect();
  busy.sends(kGet);
  Party& origin = accept();
  port().leaving = true;
  origin.sends(kOk);
  EXPECT_EQ(busy.receives().field("Connection"), "close");
  EXPECT_TRUE(busy.was_told_end());
}

TEST_F(Reload, ManyLeaveNothingBehind) {
  for (int i = 0; i < 100; ++i) {
    set_endpoints(1 + static_cast<std::size_t>(i % 3));
    reload();
    Party& client = connect();
    client.sends(kGet);
    if (connecting() > 0) accept().sends(kOk);
    client.closes();
  }
}

}  // namespace
}  // namespace weir::proxy
