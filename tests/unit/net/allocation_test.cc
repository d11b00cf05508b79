// The promise that a message on an open connection costs no heap allocation. Counts every operator
// new of this program.

#include "net_fixture.h"
#include "support/allocation_count.h"
#include "tls_pair.h"

namespace weir::net {
namespace {

// Answers every read with the same bytes; the first to speak counts the rounds.
class Echo final : public StreamEvents {
 public:
  Echo(Stream& stream, Loop& loop, TimerEntry& deadline)
      : stream_(stream), loop_(loop), deadline_(deadline) {
    stream_.start(*this);
  }
  void on_read(std::string_view bytes) override {
    ++reads;
    loop_.wheel().arm_in(deadline_, 75'000);
    EXPECT_TRUE(stream_.write(bytes));
  }
  void on_end() override { ADD_FAILURE(); }
  void on_reset(Error) override { ADD_FAILURE(); }
  void on_drained() override { ADD_FAILURE(); }

  int reads = 0;

 private:
  Stream& stream_;
  Loop& loop_;
  TimerEntry& deadline_;
};

using AllocationTest = SocketTest;

TEST_F(AllocationTest, AThousandRoundTripsAllocateNothing) {
  auto [left, right] = connected_pair();
  TimerEntry left_idle([](void*) {}, nullptr);
  TimerEntry right_idle([](void*) {}, nullptr);
  Echo left_echo(*left, loop_, left_idle);
  Echo right_echo(*right, loop_, right_idle);
  ASSERT_TRUE(left->write("a small message that goes to and fro"));
  while (left_echo.reads < 10) loop_.run_once();
  const std::size_t before = test::allocations();
  while (left_echo.reads < 1010) loop_.run_once();
  EXPECT_EQ(test::allocations() - before, 0u);
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(AllocationTest, AThousandRoundTripsOverTlsAllocateNothingOfOurs) {
  TlsPair pair;  // for what its ends are made of
  auto [left, right] = connected_pair();
  SystemClock clock;
  TlsEngine engine(clock, &loop_, pair.engine.library());
  TlsEngine client_engine(clock, &loop_, pair.client_engine.library());
  TlsStream server(engine, std::move(left), pair.server_context);
  TlsStream client(client_engine, std::move(right), pair.take_client_ssl());
  server.secure(pair.server_told);
  client.secure(pair.client_told);
  run_until([&] { return pair.server_told.secured && pair.client_told.secured; });
  TimerEntry left_idle([](void*) {}, nullptr);
  TimerEntry right_idle([](void*) {}, nullptr);
  Echo left_echo(server, loop_, left_idle);
  Echo right_echo(client, loop_, right_idle);
  ASSERT_TRUE(server.write("a small message that goes to and fro"));
  while (left_echo.reads < 10) loop_.run_once();
  const std::size_t before = test::allocations();
  while (left_echo.reads < 1010) loop_.run_once();
  EXPECT_EQ(test::allocations() - before, 0u);
  EXPECT_EQ(loop_.chunks().in_use(), 0u);
}

TEST_F(AllocationTest, TheCounterCounts) {
  const std::size_t before = test::allocations();
  const auto chunk = std::make_unique<Chunk>();
  chunk->bytes[0] = 'c';
  Chunk* volatile seen = chunk.get();  // or the compiler leaves both out
  EXPECT_EQ(seen->bytes[0], 'c');
  EXPECT_EQ(test::allocations() - before, 1u);
}

}  // namespace
}  // namespace weir::net
