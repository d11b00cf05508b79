// TLS keeps the contract of Stream: bytes, ends, back-pressure and faults, at any split of what
// arrives.
#include "net/tls_stream.h"

#include <gtest/gtest.h>

#include <weir/limits.h>

#include "tls_pair.h"

namespace weir::net {
namespace {

using End = MemoryWire::End;

TEST(TlsStream, ShakesHandsAndCarriesBytesBothWays) {
  TlsPair pair;
  pair.secure();
  EXPECT_EQ(pair.server_told.facts.version, TlsVersion::v1_3);
  EXPECT_EQ(pair.server_told.facts.cipher, "TLS_AES_128_GCM_SHA256");
  EXPECT_EQ(pair.server_told.server_name, "one.test");
  EXPECT_FALSE(pair.server_told.facts.resumed);
  EXPECT_TRUE(pair.client->write("request"));
  EXPECT_TRUE(pair.server->write("response"));
  pair.deliver();
  EXPECT_EQ(pair.server_seen.received, "request");
  EXPECT_EQ(pair.client_seen.received, "response");
}

TEST(TlsStream, SpeaksTls12) {
  TlsPair pair(usual_settings(), {.version = TLS1_2_VERSION});
  pair.secure();
  EXPECT_EQ(pair.server_told.facts.version, TlsVersion::v1_2);
  EXPECT_EQ(pair.server_told.facts.cipher, "ECDHE-ECDSA-AES128-GCM-SHA256");
  pair.client->write("request");
  pair.deliver();
  EXPECT_EQ(pair.server_seen.received, "request");
}

TEST(TlsStream, AnySplitOfWhatArrivesIsTheSame) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const std::size_t piece : {1U, 2U, 3U, 5U, 7U, 100U, 517U, 1000U}) {
      TlsPair pair(usual_settings(), {.version = version});
      pair.secure(piece);
      const std::string big(70'000, 'b');
      const std::string_view parts[] = {"head", big, "tail"};
      EXPECT_TRUE(pair.server->write(parts));
      EXPECT_TRUE(pair.client->write(parts));
      pair.deliver(piece);
      EXPECT_EQ(pair.client_seen.received, "head" + big + "tail") << piece;
      EXPECT_EQ(pair.server_seen.received, "head" + big + "tail") << piece;
    }
  }
}

// The client's last flight and its first request come in one read, cut anywhere.
TEST(TlsStream, BytesBehindTheHandshakeAreTold) {
  for (std::size_t cut = 1; cut < 700; cut += 11) {
    TlsPair pair;
    pair.server_told.after = [&] { pair.server->start(pair.server_seen); };
    pair.client_told.after = [&] {
      pair.client->start(pair.client_seen);
      pair.client->write("GET / HTTP/1.1\r\n\r\n");
    };
    pair.shake(cut);
    EXPECT_EQ(pair.server_seen.received, "GET / HTTP/1.1\r\n\r\n") << cut;
  }
}

TEST(TlsStream, WhatArrivedBeforeTheStartIsToldAfterIt) {
  TlsPair pair;
  pair.client_told.after = [&] {
    pair.client->start(pair.client_seen);
    pair.client->write("early");
  };
  pair.shake();
  ASSERT_TRUE(pair.server_told.secured);
  EXPECT_FALSE(pair.wire.is_reading(End::left));
  pair.server->start(pair.server_seen);
  EXPECT_EQ(pair.server_seen.reads, 0) << "start() must not call back";
  pair.deliver();
  EXPECT_EQ(pair.server_seen.received, "early");
  EXPECT_TRUE(pair.wire.is_reading(End::left));
}

TEST(TlsStream, OneWriteIsOneRecordAndOneWriteBelow) {
  TlsPair pair;
  pair.secure();
  const std::string body(1000, 'x');
  const std::string_view parts[] = {"head", body, "tail"};
  pair.server->write(parts);
  EXPECT_EQ(pair.wire.on_the_way_to(End::right), 1008 + 5 + 16 + 1u);
  pair.deliver();
  EXPECT_EQ(pair.client_seen.reads, 1);
}

TEST(TlsStream, AFarewellIsAnEnd) {
  TlsPair pair;
  pair.secure();
  pair.client->finish_writing();
  pair.deliver();
  EXPECT_EQ(pair.server_seen.ends, 1);
  EXPECT_EQ(pair.server_seen.resets, 0);
  EXPECT_TRUE(pair.server->write("still"));  // half-closed: the answer goes out
  pair.deliver();
  EXPECT_EQ(pair.client_seen.received, "still");
  pair.server.reset();
  pair.deliver();
  EXPECT_EQ(pair.client_seen.ends, 1);
}

TEST(TlsStream, DestroyingSaysFarewell) {
  TlsPair pair;
  pair.secure();
  pair.server.reset();
  pair.deliver();
  EXPECT_EQ(pair.client_seen.ends, 1);
  EXPECT_EQ(pair.client_seen.resets, 0);
}

TEST(TlsStream, AnEndWithoutFarewellIsTruncation) {
  TlsPair pair({usual_settings()}, {}, {}, {.end_at = 5000});
  pair.secure();
  pair.client->write(std::string(10'000, 'x'));
  pair.deliver();
  EXPECT_EQ(pair.server_seen.ends, 0);
  EXPECT_EQ(pair.server_seen.resets, 1);
  EXPECT_EQ(pair.server_seen.reset_error.code, Errc::tls_truncated);
  EXPECT_FALSE(pair.server->write("more"));
}

TEST(TlsStream, AbortIsAReset) {
  TlsPair pair;
  pair.secure();
  pair.server->abort_on_close();
  pair.server.reset();
  EXPECT_TRUE(pair.wire.was_aborted(End::left));
  pair.deliver();
  EXPECT_EQ(pair.client_seen.ends, 0);
  EXPECT_EQ(pair.client_seen.resets, 1);
  EXPECT_EQ(pair.client_seen.reset_error.code, Errc::system);
}

TEST(TlsStream, ForeignBytesInTheMiddleAreTold) {
  TlsPair pair;
  pair.secure();
  pair.below_client->write(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  pair.deliver();
  EXPECT_EQ(pair.server_seen.resets, 1);
  EXPECT_EQ(pair.server_seen.reset_error.code, Errc::tls_failed);
  EXPECT_EQ(pair.client_seen.resets, 1);  // by the alert
  EXPECT_FALSE(pair.server->write("more"));
}

TEST(TlsStream, PendingBytesAreThePlainOnes) {
  TlsPair pair(usual_settings(), {}, {.window = 8192});
  pair.secure();
  EXPECT_EQ(pair.server->pending_bytes(), 0u);
  const std::string body(100'000, 'x');
  pair.server->write(body);
  const std::size_t pending = pair.server->pending_bytes();
  EXPECT_LE(pending, body.size() - 8000);
  EXPECT_GE(pending, body.size() - 8192);
  pair.server->write(body);
  EXPECT_EQ(pair.server->pending_bytes(), pending + body.size());
  int drains = 0;
  std::size_t before = pair.server->pending_bytes();
  while (pair.wire.step(End::right, 4096)) {
    EXPECT_LE(pair.server->pending_bytes(), before);
    before = pair.server->pending_bytes();
  }
  pair.deliver();
  drains = pair.server_seen.drains;
  EXPECT_EQ(drains, 1);
  EXPECT_EQ(pair.server->pending_bytes(), 0u);
  EXPECT_EQ(pair.client_seen.received.size(), 2 * body.size());
}

TEST(TlsStream, AWriterHearsOfWatermarks) {
  TlsPair pair(usual_settings(), {}, {.window = 16 * 1024});
  pair.secure();
  pair.server->write(std::string(limits::kHighWatermark + 40'000, 'x'));
  std::vector<std::size_t> at;
  pair.server_seen.after_drained = [&] { at.push_back(pair.server->pending_bytes()); };
  pair.deliver();
  ASSERT_EQ(at.size(), 2u);
  EXPECT_LE(at[0], limits::kLowWatermark);
  EXPECT_EQ(at[1], 0u);
}

TEST(TlsStream, APausedOwnerIsToldNothing) {
  TlsPair pair;
  pair.secure();
  pair.server_seen.after_read = [&] { pair.server->pause_reading(); };
  pair.client->write("one");
  pair.deliver();
  pair.client->write("two");
  pair.deliver();
  EXPECT_EQ(pair.server_seen.received, "one");
  pair.server->resume_reading();
  pair.deliver();
  EXPECT_EQ(pair.server_seen.received, "onetwo");
}

TEST(TlsStream, MayBeDestroyedInEveryEvent) {
  {
    TlsPair pair;
    pair.server_told.after = [&] { pair.server.reset(); };
    pair.shake();
    EXPECT_EQ(pair.server, nullptr);
  }
  {
    TlsPair pair;
    pair.secure();
    pair.server_seen.after_read = [&] { pair.server.reset(); };
    pair.client->write(std::string(100'000, 'x'));
    pair.deliver();
    EXPECT_EQ(pair.server_seen.reads, 1);
  }
  {
    TlsPair pair;
    pair.secure();
    pair.server_seen.after_end = [&] { pair.server.reset(); };
    pair.client->finish_writing();
    pair.deliver();
    EXPECT_EQ(pair.server, nullptr);
  }
  {
    TlsPair pair;
    pair.secure();
    pair.server_seen.after_reset = [&] { pair.server.reset(); };
    pair.client->abort_on_close();
    pair.client.reset();
    pair.deliver();
    EXPECT_EQ(pair.server, nullptr);
  }
}

// Asking for new keys over and over, and reading none of the answers, must not fill our memory.
TEST(TlsStream, AFloodOfKeyUpdatesEndsTheConnection) {
  TlsPair pair(usual_settings(), {}, {.window = 1000});
  pair.secure();
  pair.client->pause_reading();
  int sent = 0;
  for (; sent < 100'000 && pair.server_seen.resets == 0; ++sent) {
    SSL_key_update(pair.client->ssl(), SSL_KEY_UPDATE_REQUESTED);
    pair.client->write("x");
    pair.deliver();
  }
  EXPECT_LT(sent, 100'000);
  EXPECT_EQ(pair.server_seen.reset_error.code, Errc::tls_failed);
  EXPECT_LT(pair.server->pending_bytes(), 2 * limits::kHighWatermark);
}

// --- handshakes that fail ---

TEST(TlsHandshake, PlainHttpIsRecognisedAndCanBeAnswered) {
  TlsPair pair;
  pair.server->secure(pair.server_told);
  StreamPtr client = pair.client->take_inner();
  test::StreamRecorder seen;
  client->start(seen);
  client->write("GET / HTTP/1.1\r\n\r\n");
  pair.deliver();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::plain_http);
  const StreamPtr inner = pair.server->take_inner();
  inner->write("HTTP/1.1 400 Bad Request\r\n\r\n");
  pair.deliver();
  EXPECT_EQ(seen.received, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

TEST(TlsHandshake, OtherBytesAreNoTls) {
  for (const std::string_view bytes : {std::string_view("\0\0\0", 3), std::string_view("ssh"),
                                       std::string_view("\x80\x2e\x01", 3)}) {
    TlsPair pair;
    pair.server->secure(pair.server_told);
    StreamPtr client = pair.client->take_inner();
    client->write(bytes);
    pair.deliver();
    ASSERT_TRUE(pair.server_told.failure);
    EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::not_tls);
  }
}

TEST(TlsHandshake, GarbageBehindARecordHeaderIsRefusedWithAnAlert) {
  TlsPair pair;
  pair.server->secure(pair.server_told);
  StreamPtr client = pair.client->take_inner();
  test::StreamRecorder seen;
  client->start(seen);
  client->write(std::string("\x16\x03\x01\x00\x10", 5) + std::string(16, '\x7f'));
  pair.deliver();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::protocol);
  ASSERT_EQ(seen.received.size(), 7u);
  EXPECT_EQ(seen.received[0], 0x15);
}

TEST(TlsHandshake, AClientThatLeavesIsTold) {
  TlsPair pair;
  pair.server->secure(pair.server_told);
  pair.client.reset();
  pair.deliver();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::closed);
}

TEST(TlsHandshake, AnAlertOfThePeerIsTold) {
  TlsServerSettings settings;
  settings.certificates = {loaded(test::CertificateAuthority("Unknown").issue({}))};
  TlsPair pair(settings);
  pair.shake();
  ASSERT_TRUE(pair.server_told.failure);
  EXPECT_EQ(pair.server_told.failure->kind, TlsFailureKind::refused);
  EXPECT_EQ(pair.server_told.failure->words, "tlsv1 alert unknown ca");
  ASSERT_TRUE(pair.client_told.failure);
  EXPECT_EQ(pair.client_told.failure->kind, TlsFailureKind::certificate);
}

// --- the budget of a turn ---

// Moves on by a fixed step each time it is looked at: each handshake step takes one.
class TickingClock final : public Clock {
 public:
  std::uint64_t mono_ns() const override { return now_ += step; }
  std::uint64_t wall_ms() const override { return 0; }
  std::uint64_t step = 0;

 private:
  mutable std::uint64_t now_ = 0;
};

TEST(HandshakeBudget, WhoComesWhenItIsSpentWaitsForTheNextTurn) {
  constexpr std::uint64_t kBudget = std::chrono::nanoseconds(limits::kHandshakeTimePerTurn).count();
  struct Row {
    std::uint64_t step;
    int begun;  // in the first turn
  };
  for (const Row row : {Row{kBudget - 1, 2}, Row{kBudget, 1}, Row{kBudget + 1, 1}}) {
    TickingClock clock;
    TlsEngine engine(clock);
    auto context =
        TlsServerContext::make(usual_settings(), engine.library(), std::make_shared<TicketKeys>());
    ASSERT_TRUE(context);
    std::vector<std::unique_ptr<TlsPair>> pairs;  // for their clients' hellos
    std::vector<std::unique_ptr<MemoryWire>> wires;
    std::vector<std::unique_ptr<TlsStream>> servers;
    std::vector<StreamPtr> clients;
    std::vector<TlsRecorder> told(3);
    std::vector<test::StreamRecorder> seen(3);
    clock.step = row.step;
    for (std::size_t i = 0; i < 3; ++i) {
      pairs.push_back(std::make_unique<TlsPair>());
      test::StreamRecorder hello;
      const StreamPtr listening = pairs[i]->server->take_inner();
      listening->start(hello);
      pairs[i]->client->secure(pairs[i]->client_told);
      pairs[i]->deliver();
      wires.push_back(std::make_unique<MemoryWire>());
      servers.push_back(std::make_unique<TlsStream>(engine, wires[i]->take(End::left), *context));
      clients.push_back(wires[i]->take(End::right));
      clients[i]->start(seen[i]);
      servers[i]->secure(told[i]);
      clients[i]->write(hello.received);
      wires[i]->deliver();
      pairs[i]->client->abort_on_close();
    }
    const auto answered = [&] {
      int count = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        wires[i]->deliver();
        if (!seen[i].received.empty()) ++count;
      }
      return count;
    };
    EXPECT_EQ(answered(), row.begun);
    EXPECT_EQ(engine.postponed(), 3u - static_cast<unsigned>(row.begun));
    engine.turn();
    EXPECT_EQ(answered(), row.begun == 2 ? 3 : 2);
    engine.turn();
    EXPECT_EQ(answered(), 3);
    EXPECT_FALSE(engine.anyone_waits());
  }
}

TEST(HandshakeBudget, AWaiterThatLeavesIsForgotten) {
  TickingClock clock;
  TlsEngine engine(clock);
  auto context =
      TlsServerContext::make(usual_settings(), engine.library(), std::make_shared<TicketKeys>());
  ASSERT_TRUE(context);
  clock.step = 1'000'000'000;
  MemoryWire first_wire, second_wire;
  TlsStream first(engine, first_wire.take(End::left), *context);
  auto second = std::make_unique<TlsStream>(engine, second_wire.take(End::left), *context);
  TlsRecorder first_told, second_told;
  first.secure(first_told, "\x16");
  second->secure(second_told, "\x16");
  EXPECT_TRUE(engine.anyone_waits());
  second.reset();
  EXPECT_FALSE(engine.anyone_waits());
  engine.turn();
}

}  // namespace
}  // namespace weir::net
