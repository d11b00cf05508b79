// A client that comes over TLS: from the hello to its exchange, and every way in which it does not
// get there.
#include "proxy/tls_arrival.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

#include "support/scenario.h"
#include "unit/net/tls_pair.h"

namespace weir::proxy {
namespace {

using namespace std::chrono_literals;
using test::kGet;
using test::kOk;
using test::Party;

class TlsArrivalTest : public test::ExchangeTest {
 protected:
  void TearDown() override {
    connections_.for_each([](DownstreamConnection& connection) { connection.close_now(); });
    settle();
    if (port_) port_->snapshot.reset();
    ExchangeTest::TearDown();
    EXPECT_EQ(open(), 0u);
  }

  void arrive(const net::TlsServerSettings& settings = net::usual_settings(),
              const net::ClientWishes& wishes = {}) {
    pair_ = std::make_unique<net::TlsPair>(settings, wishes);
    listener().tls.emplace();
    start_now();
    plan_ = *port().plan;
    plan_.tls = std::make_shared<TlsPlan>();
    plan_.tls->contexts = {pair_->server_context};
    plan_.open_connections->fetch_add(1);
    context().tls = &pair_->engine;
    port_ = std::make_shared<ListenerPort>();
    port_->snapshot = port().snapshot;
    port_->plan = &plan_;
    const Client client{.peer = *parse_ip("192.0.2.1")};
    auto* arrival = new TlsArrival(context(), port_, pair_->server->take_inner(), client, {});
    connections_.push_back(*arrival);
    arrival->begin();
  }
  void shake() {
    pair_->client->secure(pair_->client_told);
    move();
    ASSERT_TRUE(pair_->client_told.secured);
    pair_->client->start(pair_->client_seen);
  }
  void move() {
    pair_->deliver();
    settle();
    pair_->deliver();
  }
  // One exchange; what the origin was asked.
  test::HttpText ask() {
    pair_->client->write(kGet);
    move();
    Party& origin = accept();
    const test::HttpText request = origin.receives();
    origin.sends(kOk);
    move();
    EXPECT_TRUE(pair_->client_seen.take().starts_with("HTTP/1.1 200 OK\r\n"));
    return request;
  }
  std::uint32_t open() const { return plan_.open_connections->load(); }
  bool is_open() const { return pair_->wire.is_open(net::MemoryWire::End::left); }

  std::unique_ptr<net::TlsPair> pair_;
  ListenerPlan plan_;
  std::shared_ptr<ListenerPort> port_;
  DownstreamList connections_;
};

TEST_F(TlsArrivalTest, BecomesAConnectionWhoseRequestsCameByHttps) {
  arrive();
  shake();
  EXPECT_EQ(ask().field("X-Forwarded-Proto"), "https");
  EXPECT_EQ(last_record().values.tls_version, "TLSv1.3");
  EXPECT_EQ(open(), 1u);
  pair_->client->finish_writing();
  move();
  EXPECT_TRUE(connections_.empty());
  EXPECT_EQ(pair_->client_seen.ends, 1);
}

TEST_F(TlsArrivalTest, AProvedCertificateIsTold) {
  net::TlsServerSettings settings = net::usual_settings();
  settings.client_auth = net::ClientAuth::require;
  settings.client_ca = net::authority().certificate();
  const test::CertificateAuthority between("Between", net::authority());
  test::Issued issued = between.issue({.names = {"client.test"}});
  issued.certificate += between.certificate();
  arrive(settings, {.certificate = issued});
  shake();
  const test::HttpText asked = ask();
  EXPECT_TRUE(asked.field("Client-Cert").starts_with(":MII")) << asked.field("Client-Cert");
  EXPECT_TRUE(asked.field("Client-Cert").ends_with(":"));
  EXPECT_TRUE(asked.field("Client-Cert-Chain").starts_with(":MII"));
  EXPECT_EQ(asked.field("X-Client-Cert-Subject"), "CN=client.test");
}

TEST_F(TlsArrivalTest, PlainHttpIsAnsweredAndClosed) {
  arrive();
  pair_->below_client->start(pair_->client_seen);
  pair_->below_client->write(kGet);
  move();
  EXPECT_TRUE(pair_->client_seen.received.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  EXPECT_NE(pair_->client_seen.received.find("https://"), std::string::npos);
  EXPECT_EQ(pair_->client_seen.ends, 1);
  EXPECT_TRUE(is_open());  // the answer must not be lost to a reset
  advance(limits::kLingerTime + 1s);
  EXPECT_FALSE(is_open());
}

TEST_F(TlsArrivalTest, TheHandshakeHasADeadline) {
  arrive();
  advance(limits::kHandshakeTimeout - 1s);
  EXPECT_TRUE(is_open());
  advance(2s);
  EXPECT_FALSE(is_open());
  EXPECT_TRUE(connections_.empty());
}

TEST_F(TlsArrivalTest, WhoDrainsWaitsForTheGraceOnly) {
  arrive();
  context().draining = true;
  connections_.front().drain();
  advance(context().idle_grace + 1s);
  EXPECT_FALSE(is_open());
}

TEST_F(TlsArrivalTest, AClientThatLeavesLeavesNothing) {
  arrive();
  pair_->client.reset();
  move();
  EXPECT_TRUE(connections_.empty());
}

}  // namespace
}  // namespace weir::proxy
