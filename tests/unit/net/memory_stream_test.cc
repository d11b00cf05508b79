// The memory wire keeps the Stream contract: what tests of connections rely on.
#include "net/memory_stream.h"

#include <gtest/gtest.h>

#include <weir/limits.h>

#include "support/memory_connector.h"
#include "support/memory_peer.h"

namespace weir::net {
namespace {

using End = MemoryWire::End;
using test::MemoryConnector;
using test::MemoryPeer;
using test::StreamRecorder;

struct Wired {
  explicit Wired(FaultPlan left_to_right = {}, FaultPlan right_to_left = {})
      : wire(left_to_right, right_to_left) {
    left->start(left_seen);
    right->start(right_seen);
  }
  MemoryWire wire;
  StreamRecorder left_seen, right_seen;
  StreamPtr left = wire.take(End::left);
  StreamPtr right = wire.take(End::right);
};

TEST(MemoryWire, NothingArrivesBeforeItIsDelivered) {
  Wired w;
  EXPECT_TRUE(w.left->write("hello"));
  EXPECT_EQ(w.left->pending_bytes(), 0u);
  EXPECT_EQ(w.wire.on_the_way_to(End::right), 5u);
  EXPECT_EQ(w.right_seen.reads, 0);
  EXPECT_EQ(w.wire.deliver(), 1u);
  EXPECT_EQ(w.right_seen.received, "hello");
  EXPECT_EQ(w.wire.deliver(), 0u);
}

TEST(MemoryWire, DeliversInPieces) {
  Wired w;
  w.left->write("abcdefg");
  EXPECT_TRUE(w.wire.step(End::right, 3));
  EXPECT_EQ(w.right_seen.received, "abc");
  w.wire.deliver(2);
  EXPECT_EQ(w.right_seen.received, "abcdefg");
  EXPECT_EQ(w.right_seen.reads, 3);
}

TEST(MemoryWire, AFullWindowLeavesBytesPendingAndDrainsThem) {
  Wired w({.window = 4});
  const std::string_view parts[] = {"abc", "def", "ghi"};
  w.left->write(parts);
  EXPECT_EQ(w.left->pending_bytes(), 5u);
  EXPECT_TRUE(w.wire.step(End::right));
  EXPECT_EQ(w.right_seen.received, "abcd");
  EXPECT_EQ(w.left->pending_bytes(), 1u);
  EXPECT_EQ(w.left_seen.drains, 0);
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.received, "abcdefghi");
  EXPECT_EQ(w.left_seen.drains, 1);
}

TEST(MemoryWire, DrainsAtTheLowWatermarkAndAtZero) {
  Wired w({.window = 16 * 1024});
  w.left->write(std::string(limits::kHighWatermark + 17 * 1024, 'x'));
  std::vector<std::size_t> at;
  w.left_seen.after_drained = [&] { at.push_back(w.left->pending_bytes()); };
  w.wire.deliver();
  ASSERT_EQ(at.size(), 2u);
  EXPECT_LE(at[0], limits::kLowWatermark);
  EXPECT_GT(at[0], 0u);
  EXPECT_EQ(at[1], 0u);
}

TEST(MemoryWire, AWriteBeforeTheDrainWasToldDoesNotSwallowIt) {
  Wired w({.window = 4});
  w.left->write("abcdef");
  EXPECT_TRUE(w.wire.step(End::right));
  w.left->write("g");  // fits, but the drain of "ef" is still owed
  w.wire.deliver();
  EXPECT_EQ(w.left_seen.drains, 1);
}

TEST(MemoryWire, APausedReaderHoldsEverythingBack) {
  Wired w;
  w.right->pause_reading();
  EXPECT_FALSE(w.wire.is_reading(End::right));
  w.left->write("x");
  w.left->finish_writing();
  EXPECT_EQ(w.wire.deliver(), 0u);
  w.right->resume_reading();
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.received, "x");
  EXPECT_EQ(w.right_seen.ends, 1);
}

TEST(MemoryWire, FinFollowsPendingBytesAndTheOtherWayStaysOpen) {
  Wired w({.window = 2});
  w.left->write("abcdef");
  w.left->finish_writing();
  EXPECT_TRUE(w.wire.has_finished(End::left));
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.received, "abcdef");
  EXPECT_EQ(w.right_seen.ends, 1);
  EXPECT_TRUE(w.right->write("answer"));
  w.wire.deliver();
  EXPECT_EQ(w.left_seen.received, "answer");
  EXPECT_EQ(w.left_seen.ends, 0);
}

TEST(MemoryWire, DestroyingIsAnEndAndAbortingAReset) {
  Wired closed;
  closed.left->write("bye");
  closed.left.reset();
  EXPECT_FALSE(closed.wire.is_open(End::left));
  closed.wire.deliver();
  EXPECT_EQ(closed.right_seen.received, "bye");
  EXPECT_EQ(closed.right_seen.ends, 1);

  Wired aborted;
  aborted.left->abort_on_close();
  aborted.left.reset();
  EXPECT_TRUE(aborted.wire.was_aborted(End::left));
  aborted.wire.deliver();
  EXPECT_EQ(aborted.right_seen.resets, 1);
  EXPECT_FALSE(aborted.right->write("x"));
}

TEST(MemoryWire, SendingToAClosedEndEndsInAReset) {
  Wired w;
  w.left.reset();
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.ends, 1);
  EXPECT_TRUE(w.right->write("anybody there"));
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.resets, 1);
}

TEST(MemoryWire, APlannedResetHitsBothEnds) {
  Wired w({.reset_at = 3});
  w.left->write("abcdef");
  w.wire.deliver();
  EXPECT_EQ(w.right_seen.received, "abc");
  EXPECT_EQ(w.right_seen.resets, 1);
  EXPECT_EQ(w.left_seen.resets, 1);
}

TEST(MemoryWire, APlannedEndLosesTheRest) {
  Wired w({.end_at = 2});
  w.left->write("abcdef");
  w.wire.deliver(1);
  EXPECT_EQ(w.right_seen.received, "ab");
  EXPECT_EQ(w.right_seen.ends, 1);
  EXPECT_EQ(w.left_seen.resets, 0);
}

TEST(MemoryWire, WritesFailWhenTold) {
  Wired w;
  w.wire.fail_writes(End::left);
  EXPECT_FALSE(w.left->write("x"));
  w.wire.deliver();
  EXPECT_EQ(w.left_seen.resets, 0);
}

TEST(MemoryWire, AStreamMayBeDestroyedInEachOfItsEvents) {
  {
    Wired w;
    w.right_seen.after_read = [&] {
      w.right->write("answer");
      w.right.reset();
    };
    w.left->write("question");
    w.wire.deliver(1);
    EXPECT_EQ(w.right_seen.reads, 1);
    EXPECT_EQ(w.left_seen.received, "answer");
    EXPECT_EQ(w.left_seen.resets, 1) << "the rest of the question met nobody";
  }
  {
    Wired w;
    w.right_seen.after_end = [&] { w.right.reset(); };
    w.left->finish_writing();
    w.wire.deliver();
    EXPECT_EQ(w.right, nullptr);
  }
  {
    Wired w({.reset_at = 0});
    w.right_seen.after_reset = [&] { w.right.reset(); };
    w.wire.deliver();
    EXPECT_EQ(w.right, nullptr);
  }
  {
    Wired w({.window = 1});
    w.left_seen.after_drained = [&] { w.left.reset(); };
    w.left->write("ab");
    w.wire.deliver();
    EXPECT_EQ(w.left, nullptr);
    EXPECT_EQ(w.right_seen.received, "ab");
  }
}

TEST(FaultPlan, IsAFunctionOfItsSeedAndFindsEveryKind) {
  int windows = 0, resets = 0, ends = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const FaultPlan plan = FaultPlan::random(seed, 50);
    const FaultPlan same = FaultPlan::random(seed, 50);
    EXPECT_EQ(plan.window, same.window);
    EXPECT_EQ(plan.reset_at, same.reset_at);
    EXPECT_EQ(plan.end_at, same.end_at);
    windows += plan.window != FaultPlan::kNever && plan.window >= 1 && plan.window <= 50;
    resets += plan.reset_at < 50;
    ends += plan.end_at < 50;
  }
  EXPECT_EQ(windows + resets + ends, 100);
  EXPECT_GT(windows, 10);
  EXPECT_GT(resets, 10);
  EXPECT_GT(ends, 10);
}

// Whatever goes wrong, the reader sees a prefix of what was written and at most one kind of end.
TEST(FaultPlan, EveryFaultLeavesAPrefix) {
  const std::string text = "The quick brown fox jumps over the lazy dog";
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Wired w(FaultPlan::random(seed, text.size()));
    w.left->write(text);
    w.left->finish_writing();
    w.wire.deliver(1 + seed % 7);
    EXPECT_TRUE(text.starts_with(w.right_seen.received));
    EXPECT_EQ(w.right_seen.ends + w.right_seen.resets, 1) << "seed " << seed;
  }
}

TEST(MemoryPeer, PlaysTheOtherSide) {
  MemoryPeer peer;
  StreamRecorder seen;
  StreamPtr stream = peer.take_stream();
  stream->start(seen);
  EXPECT_TRUE(peer.send("question", 3));
  EXPECT_EQ(seen.received, "question");
  EXPECT_EQ(seen.reads, 3);
  stream->write("answer");
  EXPECT_EQ(peer.take_received(), "answer");
  EXPECT_EQ(peer.received(), "");
  peer.finish();
  EXPECT_EQ(seen.ends, 1);
  stream->abort_on_close();
  stream.reset();
  peer.deliver();
  EXPECT_TRUE(peer.saw_reset());
  EXPECT_TRUE(peer.other_was_aborted());
  EXPECT_FALSE(peer.other_is_open());
}

class Outcome final : public ConnectEvents {
 public:
  void on_connected(StreamPtr connected) override { stream = std::move(connected); }
  void on_connect_failed(Error failure) override { error = failure; }
  StreamPtr stream;
  Error error;
};

TEST(MemoryConnector, AcceptsAndRefusesInOrder) {
  MemoryConnector connector;
  Outcome first, second, third;
  const SocketAddress one{.ip = *parse_ip("10.0.0.1"), .port = 80, .unix_path = {}};
  const SocketAddress two{.ip = *parse_ip("10.0.0.2"), .port = 80, .unix_path = {}};
  const auto a = connector.connect(one, std::chrono::seconds(2), first);
  auto b = connector.connect(two, std::chrono::seconds(2), second);
  const auto c = connector.connect(two, std::chrono::seconds(3), third);
  EXPECT_EQ(connector.waiting(), 3u);
  ASSERT_EQ(connector.targets().size(), 3u);
  EXPECT_EQ(connector.targets()[1].address, two);
  EXPECT_EQ(connector.targets()[2].timeout, std::chrono::seconds(3));
  b.reset();
  EXPECT_EQ(connector.waiting(), 2u);
  const auto peer = connector.accept();
  ASSERT_NE(first.stream, nullptr);
  EXPECT_TRUE(peer->other_is_open());
  EXPECT_TRUE(connector.refuse());
  EXPECT_EQ(third.error.code, Errc::connect_refused);
  EXPECT_EQ(second.stream, nullptr);
  EXPECT_FALSE(connector.refuse());
  EXPECT_EQ(connector.accept(), nullptr);
}

}  // namespace
}  // namespace weir::net
