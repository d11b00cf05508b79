// TcpStream over real loopback sockets: the order of its events, back-pressure, the ends of a
// connection, and its destruction in every possible place.
#include "net/tcp_stream.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <weir/limits.h>

#include "net/system_error.h"
#include "net_fixture.h"

namespace weir::net {
namespace {

class TcpStreamTest : public SocketTest {
 protected:
  // An accepted stream with its recorder started, and the raw client on the other side.
  void open() {
    client_ = raw_client();
    stream_ = accept_one();
    stream_->start(seen_);
  }
  void send_raw(std::string_view bytes) {
    ASSERT_EQ(::send(client_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  // Reads what the client has, without waiting; empty also at the end.
  std::string read_raw() {
    std::string all;
    char buffer[64 * 1024];
    for (;;) {
      const ssize_t n = ::recv(client_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (n <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(n));
    }
  }
  void reset_raw() {
    const linger hard{.l_onoff = 1, .l_linger = 0};
    ASSERT_EQ(::setsockopt(client_.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    client_ = Descriptor();
  }
  // What ends the client's reading, after all bytes that came: 0 for the end, else the errno.
  int client_ending() {
    char buffer[64 * 1024];
    for (;;) {
      pollfd ready{.fd = client_.get(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 5000) != 1) return ETIME;
      const ssize_t n = ::recv(client_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return n == 0 ? 0 : errno;
    }
  }
  // Writes until bytes are pending above the high watermark; what was written.
  std::string fill() {
    std::string written;
    const std::string block(64 * 1024, 'x');
    while (stream_->pending_bytes() <= limits::kHighWatermark) {
      EXPECT_TRUE(stream_->write(block));
      written += block;
    }
    return written;
  }

  Descriptor client_;
  StreamPtr stream_;
  StreamRecorder seen_;
};

TEST_F(TcpStreamTest, CarriesBytesBothWays) {
  open();
  send_raw("ping");
  run_until([&] { return seen_.received == "ping"; });
  const std::string_view parts[] = {"po", "n", "g"};
  EXPECT_TRUE(stream_->write(parts));
  EXPECT_EQ(stream_->pending_bytes(), 0u);
  EXPECT_EQ(read_raw(), "pong");
  EXPECT_EQ(seen_.drains, 0);
}

TEST_F(TcpStreamTest, WritesManyPartsAtOnce) {
  open();
  std::vector<std::string> texts;
  std::vector<std::string_view> parts;
  std::string all;
  for (std::size_t i = 0; i < Stream::kMaxParts; ++i) texts.push_back(std::to_string(i) + ",");
  for (const std::string& text : texts) {
    parts.push_back(text);
    all += text;
  }
  EXPECT_TRUE(stream_->write(parts));
  EXPECT_EQ(read_raw(), all);
}

TEST_F(TcpStreamTest, TheListenersOptionsAreInherited) {
  open();
  EXPECT_EQ(option(*stream_, IPPROTO_TCP, TCP_NODELAY), 1);
  EXPECT_EQ(option(*stream_, IPPROTO_TCP, TCP_NOTSENT_LOWAT),
            static_cast<int>(limits::kUnsentBytes));
}

TEST_F(TcpStreamTest, AcceptedDescriptorsAreNotInheritedByPrograms) {
  open();
  const int fd = static_cast<TcpStream&>(*stream_).fd();
  EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(TcpStreamTest, TheEndComesOnceAndWritingIsStillPossible) {
  open();
  send_raw("last");
  ::shutdown(client_.get(), SHUT_WR);
  run_until([&] { return seen_.ends == 1; });
  EXPECT_EQ(seen_.received, "last");
  EXPECT_TRUE(stream_->write("answer"));
  EXPECT_EQ(read_raw(), "answer");
  stream_->pause_reading();
  stream_->resume_reading();
  settle();
  EXPECT_EQ(seen_.ends, 1);
  EXPECT_EQ(seen_.resets, 0);
}

TEST_F(TcpStreamTest, AResetIsTheLastEvent) {
  open();
  reset_raw();
  run_until([&] { return seen_.resets == 1; });
  EXPECT_EQ(seen_.reset_error, (Error{Errc::system, ECONNRESET}));
  EXPECT_FALSE(stream_->write("x"));
  stream_->pause_reading();
  stream_->resume_reading();
  settle();
  EXPECT_EQ(seen_.resets, 1);
  EXPECT_EQ(seen_.ends, 0);
}

TEST_F(TcpStreamTest, AResetBehindBytesIsNotTakenForAnEnd) {
  open();
  send_raw("half a mess");
  reset_raw();
  run_until([&] { return seen_.ends + seen_.resets > 0; });
  EXPECT_EQ(seen_.received, "half a mess");
  EXPECT_EQ(seen_.resets, 1);
  EXPECT_EQ(seen_.ends, 0);
}

TEST_F(TcpStreamTest, WritingToADeadConnectionSaysSoAndIsNotTold) {
  open();
  reset_raw();
  EXPECT_FALSE(stream_->write("into the void"));
  EXPECT_FALSE(stream_->write("again"));
  settle();
  EXPECT_EQ(seen_.resets, 0);
}

TEST_F(TcpStreamTest, AnEarlyAnswerCanBeReadAfterAFailedWrite) {
  open();
  send_raw("413");
  reset_raw();
  EXPECT_FALSE(stream_->write("content nobody wants"));
  run_until([&] { return seen_.received == "413"; });
  settle();
  EXPECT_EQ(seen_.resets, 0);
}

TEST_F(TcpStreamTest, WhatTheSocketDoesNotTakeFollowsInOrder) {
  open();
  std::string sent;
  std::size_t i = 0;
  while (sent.size() < 8 * 1024 * 1024) {
    const std::string head = std::to_string(i++) + ":";
    const std::string body(i % 70'000, static_cast<char>('a' + i % 26));
    const std::string_view parts[] = {head, body};
    ASSERT_TRUE(stream_->write(parts));
    sent += head + body;
  }
  EXPECT_GT(stream_->pending_bytes(), 0u);
  EXPECT_EQ(seen_.drains, 0) << "on_drained inside write()";
  std::string received;
  run_until([&] {
    received += read_raw();
    return received.size() >= sent.size();
  });
  EXPECT_TRUE(received == sent);
  run_until([&] { return seen_.drains > 0 && stream_->pending_bytes() == 0; });
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(TcpStreamTest, DrainsAtTheLowWatermarkAndAtZero) {
  open();
  fill();
  std::vector<std::size_t> at;
  seen_.after_drained = [&] { at.push_back(stream_->pending_bytes()); };
  run_until([&] {
    read_raw();
    return !at.empty() && at.back() == 0;
  });
  EXPECT_GE(at.size(), 2u);
  EXPECT_LE(at.front(), limits::kLowWatermark);
  EXPECT_GT(at.front(), 0u);
  settle();
  EXPECT_EQ(at.size(), static_cast<std::size_t>(seen_.drains));
}

TEST_F(TcpStreamTest, AnOwnerThatRefillsWhileDrainingIsServed) {
  open();
  int refills = 0;
  seen_.after_drained = [&] {
    if (refills++ < 3) fill();
  };
  std::size_t sent = fill().size();
  std::size_t received = 0;
  run_until([&] {
    received += read_raw().size();
    return refills > 3 && stream_->pending_bytes() == 0;
  });
  EXPECT_GE(received, sent);
}

TEST_F(TcpStreamTest, TheFinFollowsPendingBytes) {
  open();
  const std::string sent = fill();
  stream_->finish_writing();
  std::string received;
  run_until([&] {
    received += read_raw();
    return received.size() >= sent.size();
  });
  run_until([&] { return stream_->pending_bytes() == 0; });
  EXPECT_EQ(client_ending(), 0);
  send_raw("still reading");
  run_until([&] { return seen_.received == "still reading"; });
}

TEST_F(TcpStreamTest, TheFinIsSentAtOnceWhenNothingIsPending) {
  open();
  stream_->write("bye");
  stream_->finish_writing();
  stream_->finish_writing();
  EXPECT_EQ(read_raw(), "bye");
  EXPECT_EQ(client_ending(), 0);
}

TEST_F(TcpStreamTest, DestroyingSendsFinAndAbortSendsReset) {
  open();
  stream_.reset();
  EXPECT_EQ(client_ending(), 0);
  open();
  stream_->abort_on_close();
  stream_.reset();
  EXPECT_EQ(client_ending(), ECONNRESET);
  open();
  stream_->finish_writing();
  stream_->abort_on_close();
  stream_.reset();
  settle();
}

TEST_F(TcpStreamTest, AbortWithPendingBytesIsAReset) {
  open();
  fill();
  stream_->abort_on_close();
  stream_.reset();
  EXPECT_EQ(client_ending(), ECONNRESET);
  settle();
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(TcpStreamTest, PausedReadingDeliversNothing) {
  open();
  stream_->pause_reading();
  stream_->pause_reading();
  send_raw("later");
  settle();
  EXPECT_EQ(seen_.reads, 0);
  stream_->resume_reading();
  stream_->resume_reading();
  run_until([&] { return seen_.received == "later"; });
}

TEST_F(TcpStreamTest, PausingInsideOnReadStopsTheStream) {
  open();
  seen_.after_read = [&] { stream_->pause_reading(); };
  std::string big(limits::kReceiveBuffer + 1000, 'b');
  send_raw(big);
  run_until([&] { return seen_.reads == 1; });
  settle();
  EXPECT_EQ(seen_.reads, 1);
  seen_.after_read = nullptr;
  stream_->resume_reading();
  run_until([&] { return seen_.received.size() == big.size(); });
}

TEST_F(TcpStreamTest, AResetWhilePausedIsToldAfterResuming) {
  open();
  stream_->pause_reading();
  reset_raw();
  settle();
  EXPECT_EQ(seen_.resets, 0);
  stream_->resume_reading();
  run_until([&] { return seen_.resets == 1; });
}

TEST_F(TcpStreamTest, AResetUnderPendingBytesIsToldOnce) {
  open();
  fill();
  reset_raw();
  run_until([&] { return seen_.resets == 1; });
  settle();
  EXPECT_EQ(seen_.resets, 1);
  EXPECT_EQ(seen_.drains, 0);
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(TcpStreamTest, AResetUnderPendingBytesWhilePausedIsTold) {
  open();
  fill();
  stream_->pause_reading();
  reset_raw();
  run_until([&] { return seen_.resets == 1; });
}

TEST_F(TcpStreamTest, TheObserverCanBeExchanged) {
  open();
  send_raw("one");
  run_until([&] { return seen_.received == "one"; });
  StreamRecorder second;
  stream_->start(second);
  send_raw("two");
  run_until([&] { return second.received == "two"; });
  EXPECT_EQ(seen_.received, "one");
}

TEST_F(TcpStreamTest, NothingIsReadBeforeStart) {
  client_ = raw_client();
  stream_ = accept_one();
  send_raw("early");
  settle();
  stream_->start(seen_);
  run_until([&] { return seen_.received == "early"; });
}

TEST_F(TcpStreamTest, MayBeDestroyedInsideEachEvent) {
  const auto destroy = [&] { stream_.reset(); };

  open();
  seen_.after_read = [&] {
    stream_->write("answer");
    stream_.reset();
  };
  send_raw(std::string(limits::kReceiveBuffer * 2, 'r'));
  run_until([&] { return stream_ == nullptr; });
  seen_.after_read = nullptr;

  open();
  seen_.after_end = destroy;
  client_ = Descriptor();
  run_until([&] { return stream_ == nullptr; });

  open();
  seen_.after_reset = destroy;
  reset_raw();
  run_until([&] { return stream_ == nullptr; });

  open();
  seen_.after_drained = destroy;
  fill();
  run_until([&] {
    if (stream_ != nullptr) read_raw();
    return stream_ == nullptr;
  });
  settle();
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(TcpStreamTest, MayBeDestroyedInsideOnReadWithAWriteInFlight) {
  open();
  seen_.after_read = [&] {
    fill();
    stream_.reset();
  };
  send_raw("go");
  run_until([&] { return stream_ == nullptr; });
  settle();
  EXPECT_EQ(seen_.resets, 0);
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(TcpStreamTest, BothEndsOnOneLoopSurviveEachOthersDeath) {
  auto [left, right] = connected_pair();
  StreamRecorder left_seen, right_seen;
  left->start(left_seen);
  right->start(right_seen);
  right_seen.after_read = [&right] { right.reset(); };
  const std::string block(200'000, 'z');
  while (left->pending_bytes() == 0) ASSERT_TRUE(left->write(block));
  run_until([&] { return left_seen.ends + left_seen.resets > 0; });
  EXPECT_EQ(right, nullptr);
}

TEST_F(TcpStreamTest, AnIdleConnectionIsSmall) {
  EXPECT_LE(sizeof(TcpStream) + sizeof(StreamBlock), 400u);
  open();
  settle();
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(NetTest, UnixStreamsCarryBytesAndEnd) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Descriptor other(pair[1]);
  TcpStream stream(*StreamBlock::open(loop_, Descriptor(pair[0]), true));
  StreamRecorder seen;
  stream.start(seen);
  ASSERT_EQ(::send(other.get(), "ping", 4, 0), 4);
  run_until([&] { return seen.received == "ping"; });
  EXPECT_TRUE(static_cast<Stream&>(stream).write("pong"));
  char buffer[8];
  EXPECT_EQ(::recv(other.get(), buffer, sizeof buffer, 0), 4);
  stream.abort_on_close();
  other = Descriptor();
  run_until([&] { return seen.ends + seen.resets == 1; });
}

TEST_F(NetTest, ADescriptorThatIsNoSocketIsRefused) {
  const auto block = StreamBlock::open(loop_, Descriptor(), false);
  ASSERT_FALSE(block);
  EXPECT_EQ(block.error().code, Errc::system);
}

}  // namespace
}  // namespace weir::net
