// Connecting over TLS: whom the client's end believes, what it says when it does not, the sessions
// it resumes, and that header, handshake and deadline go together.
#include "net/tls_client.h"

#include <gtest/gtest.h>

#include <string>

#include "net/connect_setup.h"
#include "tls_pair.h"

namespace weir::net {
namespace {

using namespace std::chrono_literals;

// Connects when the test says so.
class WireConnector final : public Connector {
 public:
  std::unique_ptr<ConnectTicket> connect(const SocketAddress&, std::chrono::milliseconds timeout,
                                         ConnectEvents& events) override {
    asked = &events;
    told_timeout = timeout;
    return std::make_unique<ConnectTicket>();
  }
  ConnectEvents* asked = nullptr;
  std::chrono::milliseconds told_timeout{0};
};

class Connected final : public ConnectEvents {
 public:
  void on_connected(StreamPtr its_stream) override { stream = std::move(its_stream); }
  void on_connect_failed(Error its_error) override { error = its_error; }
  StreamPtr stream;
  Error error;
};

class TlsClient : public testing::Test {
 protected:
  std::shared_ptr<const TlsClientContext> context() {
    auto made = TlsClientContext::make(settings);
    EXPECT_TRUE(made) << made.error().words;
    return made ? *made : nullptr;
  }
  // One connection: to a server, and as far as it comes.
  void connect(const std::string& name, std::shared_ptr<const TlsClientContext> with,
               const TlsServerSettings& served = usual_settings()) {
    client_ = {};
    server_told_ = std::make_unique<TlsRecorder>();
    server_.reset();
    wire_ = std::make_unique<MemoryWire>();
    ConnectSetup setup{
        .header = {}, .tls = std::move(with), .server_name = name, .session = &session_};
    client_ = std::make_unique<Connected>();
    ticket_ = net::connect(connector_, {}, 1s, std::move(setup), {&wheel_, &engine_}, *client_);
    connector_.asked->on_connected(wire_->take(MemoryWire::End::left));
    const auto server_context = TlsServerContext::make(served, server_engine_.library(), tickets_);
    server_ = std::make_unique<TlsStream>(server_engine_, wire_->take(MemoryWire::End::right),
                                          *server_context);
    server_told_->after = [this] {
      if (server_told_->secured) server_->start(server_seen_);
    };
    server_->secure(*server_told_);
    deliver();
  }
  void connect(const std::string& name) { connect(name, context()); }
  void deliver() {
    do {
      wire_->deliver();
      engine_.turn();
      server_engine_.turn();
    } while (engine_.anyone_waits() || server_engine_.anyone_waits() || wire_->deliver() > 0);
  }
  // Reads what comes behind the handshake, as a connection does: tickets are among it.
  void use() {
    ASSERT_NE(client_->stream, nullptr);
    client_->stream->start(client_seen_);
    ASSERT_TRUE(client_->stream->write("hello"));
    deliver();
    EXPECT_EQ(server_seen_.take(), "hello");
    ASSERT_TRUE(server_->write("there"));
    deliver();
    EXPECT_EQ(client_seen_.take(), "there");
  }

  TlsClientSettings settings{.authorities = authority().certificate(), .alpn = "http/1.1"};
  ManualClock clock_;
  TimerWheel wheel_{1000};
  TlsEngine engine_{clock_};
  TlsEngine server_engine_{clock_};
  std::shared_ptr<const TicketKeys> tickets_ = std::make_shared<TicketKeys>();
  TlsSession session_;
  WireConnector connector_;
  std::unique_ptr<MemoryWire> wire_;
  std::unique_ptr<TlsRecorder> server_told_;
  test::StreamRecorder server_seen_, client_seen_;
  std::unique_ptr<TlsStream> server_;
  std::unique_ptr<Connected> client_;
  std::unique_ptr<ConnectTicket> ticket_;
};

TEST_F(TlsClient, BelievesWhoHasTheNameAndTellsIt) {
  connect("one.test");
  ASSERT_NE(client_->stream, nullptr) << name_of(client_->error.code);
  EXPECT_EQ(server_told_->server_name, "one.test");
  use();
  EXPECT_EQ(wheel_.advance(wheel_.now() + 10'000), 0U) << "a deadline nobody waits for";
}

TEST_F(TlsClient, ALabelMayStandForAnyOne) {
  connect("any.wild.test");
  EXPECT_NE(client_->stream, nullptr);
  connect("two.labels.wild.test");
  EXPECT_EQ(client_->error.code, Errc::upstream_certificate_name);
}

TEST_F(TlsClient, RefusesAnotherName) {
  for (const char* name : {"other.test", "one.test.evil", "192.0.2.1", ""}) {
    connect(name);
    EXPECT_EQ(client_->stream, nullptr) << name;
    EXPECT_EQ(client_->error.code, Errc::upstream_certificate_name) << name;
  }
}

TEST_F(TlsClient, RefusesCertificatesThatAreNoLongerOrNotYetGood) {
  for (const auto& wishes : {test::CertificateWishes{.names = {"one.test"}, .ends_in = -60},
                             test::CertificateWishes{.names = {"one.test"}, .starts_in = 3600}}) {
    TlsServerSettings served;
    served.certificates = {loaded(authority().issue(wishes))};
    connect("one.test", context(), served);
    EXPECT_EQ(client_->error.code, Errc::upstream_certificate_expired);
  }
}

TEST_F(TlsClient, RefusesWhomNobodyKnownHasSigned) {
  settings.authorities = test::CertificateAuthority("Another").certificate();
  connect("one.test");
  EXPECT_EQ(client_->error.code, Errc::upstream_certificate_untrusted);
}

TEST_F(TlsClient, WithoutVerifyBelievesAnybody) {
  settings.verify = false;
  settings.authorities.clear();
  connect("whoever.test");
  EXPECT_NE(client_->stream, nullptr);
}

TEST_F(TlsClient, ResumesTheLastSession) {
  const auto same = context();
  connect("one.test", same);
  EXPECT_FALSE(server_told_->facts.resumed);
  use();
  connect("one.test", same);
  EXPECT_TRUE(server_told_->facts.resumed);
  use();
  session_.forget();
  connect("one.test", same);
  EXPECT_FALSE(server_told_->facts.resumed);
}

TEST_F(TlsClient, WhoAgreesOnAnotherProtocolIsNotSpokenTo) {
  TlsServerSettings served = usual_settings();
  served.alpn = {"h2"};
  connect("one.test", context(), served);
  EXPECT_EQ(client_->stream, nullptr);
  EXPECT_TRUE(client_->error.code == Errc::upstream_tls ||
              client_->error.code == Errc::upstream_tls_alert);
  served.alpn = {"h2", "http/1.1"};
  connect("one.test", context(), served);
  EXPECT_NE(client_->stream, nullptr);
}

TEST_F(TlsClient, AHandshakeThatDoesNotComeEndsAtTheTimeout) {
  wire_ = std::make_unique<MemoryWire>();
  client_ = std::make_unique<Connected>();
  ticket_ = net::connect(connector_, {}, 1s, {.tls = context(), .server_name = "one.test"},
                         {&wheel_, &engine_}, *client_);
  EXPECT_EQ(connector_.told_timeout, 1s);
  connector_.asked->on_connected(wire_->take(MemoryWire::End::left));
  const StreamPtr silent = wire_->take(MemoryWire::End::right);
  wheel_.advance(wheel_.now() + 999);
  EXPECT_FALSE(client_->error);
  wheel_.advance(wheel_.now() + 2);
  EXPECT_EQ(client_->error.code, Errc::connect_timeout);
}

TEST_F(TlsClient, WhatIsNoTlsIsToldApartFromNoConnection) {
  const auto answered = [&](std::string_view bytes) {
    wire_ = std::make_unique<MemoryWire>();
    client_ = std::make_unique<Connected>();
    ticket_ = net::connect(connector_, {}, 1s, {.tls = context(), .server_name = "one.test"},
                           {&wheel_, &engine_}, *client_);
    connector_.asked->on_connected(wire_->take(MemoryWire::End::left));
    const StreamPtr peer = wire_->take(MemoryWire::End::right);
    if (!bytes.empty()) peer->write(bytes);
    peer->finish_writing();
    wire_->deliver();
    engine_.turn();
    return client_->error.code;
  };
  EXPECT_EQ(answered("HTTP/1.1 400 Bad Request\r\n\r\n"), Errc::upstream_tls);
  EXPECT_EQ(answered(""), Errc::upstream_tls);
  EXPECT_EQ(answered(std::string_view("\x15\x03\x03\x00\x02\x02\x28", 7)),
            Errc::upstream_tls_alert);
}

TEST_F(TlsClient, AHeaderGoesBeforeTheHandshake) {
  wire_ = std::make_unique<MemoryWire>();
  client_ = std::make_unique<Connected>();
  ConnectSetup setup{.tls = context(), .server_name = "one.test"};
  setup.header.emplace(ProxyVersion::v1);
  ticket_ = net::connect(connector_, {}, 1s, std::move(setup), {&wheel_, &engine_}, *client_);
  connector_.asked->on_connected(wire_->take(MemoryWire::End::left));
  const StreamPtr peer = wire_->take(MemoryWire::End::right);
  peer->start(server_seen_);
  wire_->deliver();
  EXPECT_TRUE(server_seen_.received.starts_with("PROXY UNKNOWN\r\n\x16\x03"));
  ticket_.reset();
}

TEST_F(TlsClient, WhatIsNotPemIsSaidOfTheFileThatHoldsIt) {
  using Of = TlsClientContext::Mistake::Part;
  const test::Issued own = authority().issue({.names = {"weir.test"}});
  const test::Issued other = authority().issue({.names = {"weir.test"}});
  const auto part_of = [](TlsClientSettings wrong) {
    const auto made = TlsClientContext::make(std::move(wrong));
    EXPECT_FALSE(made);
    return made ? Of::other : made.error().part;
  };
  EXPECT_EQ(part_of({.authorities = "nonsense"}), Of::authorities);
  EXPECT_EQ(part_of({.authorities = own.key}), Of::authorities);
  EXPECT_EQ(part_of({.certificate = "nonsense", .key = own.key}), Of::certificate);
  for (const auto& wishes : {test::CertificateWishes{.names = {"one.test"}, .ends_in = -60},
                             test::CertificateWishes{.names = {"one.test"}, .starts_in = 3600}}) {
    const auto ill_timed = authority().issue(wishes);
    EXPECT_EQ(part_of({.certificate = ill_timed.certificate, .key = ill_timed.key}),
              Of::certificate);
  }
  EXPECT_EQ(part_of({.certificate = own.certificate, .key = "nonsense"}), Of::key);
  EXPECT_EQ(part_of({.certificate = own.certificate, .key = other.key}), Of::key);
  EXPECT_EQ(part_of({.certificate = own.certificate, .key = test::encrypted(own.key)}), Of::key);
}

}  // namespace
}  // namespace weir::net
