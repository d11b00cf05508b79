// The ring: whole lines in order over many laps, full means dropped and counted, and two threads.
#include "observe/log_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>

#include "base/random.h"
#include "fixtures.h"

namespace weir::observe {
namespace {

bool put(LogRing& ring, const std::string& line, std::size_t room = 0) {
  char* out = ring.reserve(std::max(room, line.size()));
  if (out == nullptr) return false;
  std::memcpy(out, line.data(), line.size());
  ring.commit(line.size());
  return true;
}

std::string take_all(LogRing& ring) {
  std::string text;
  for (auto run = ring.front(); !run.empty(); run = ring.front()) {
    text += run;
    ring.consume(run.size());
  }
  return text;
}

TEST(LogRing, GivesBackWhatWasPut) {
  LogRing ring(64);
  EXPECT_EQ(ring.front(), "");
  EXPECT_TRUE(put(ring, "one\n"));
  EXPECT_TRUE(put(ring, "two\n", 20));  // reserved more than it took
  EXPECT_EQ(ring.front(), "one\ntwo\n");
  ring.consume(4);
  EXPECT_EQ(ring.front(), "two\n");
  EXPECT_EQ(take_all(ring), "two\n");
  EXPECT_EQ(ring.front(), "");
}

TEST(LogRing, FillsToTheLastByteThenDropsAndRecovers) {
  LogRing ring(64);
  const std::string line(15, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(put(ring, line + "\n"));
  EXPECT_FALSE(put(ring, "\n"));
  EXPECT_FALSE(put(ring, line));
  EXPECT_EQ(ring.dropped(), 2u);
  ring.consume(16);
  EXPECT_TRUE(put(ring, line + "\n"));
  EXPECT_FALSE(put(ring, "\n"));
  EXPECT_EQ(ring.dropped(), 3u);
  EXPECT_EQ(take_all(ring).size(), 64u);
  EXPECT_TRUE(put(ring, "again\n"));
  EXPECT_EQ(take_all(ring), "again\n");
}

TEST(LogRing, StepsOverTheGapAtTheEndOfALap) {
  LogRing ring(64);
  EXPECT_TRUE(put(ring, std::string(27, 'a') + "\n"));
  EXPECT_TRUE(put(ring, std::string(27, 'b') + "\n"));
  EXPECT_FALSE(put(ring, "c\n", 10));  // 8 bytes are left of the lap, and the next is taken
  ring.consume(28);
  EXPECT_TRUE(put(ring, "c\n", 10));  // at the beginning of the next lap
  EXPECT_EQ(ring.front(), std::string(27, 'b') + "\n");
  EXPECT_EQ(take_all(ring), std::string(27, 'b') + "\nc\n");
}

TEST(LogRing, AReservationGivenUpLeavesNoGap) {
  LogRing ring(64);
  EXPECT_TRUE(put(ring, std::string(31, 'a') + "\n"));
  EXPECT_TRUE(put(ring, std::string(15, 'b') + "\n"));
  take_all(ring);
  EXPECT_NE(ring.reserve(30), nullptr);  // would skip the 16 bytes left, but is never committed
  EXPECT_TRUE(put(ring, "short\n"));
  EXPECT_EQ(take_all(ring), "short\n");
}

TEST(LogRing, ManyLapsOfAllLengthsAgainstAModel) {
  Random random(7);
  LogRing ring(256);
  std::string expected, taken;
  std::uint64_t dropped = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string line = std::string(random.below(100), static_cast<char>('a' + i % 26)) + "\n";
    const std::size_t room = line.size() + random.below(27);
    if (put(ring, line, room)) {
      expected += line;
    } else {
      ++dropped;
    }
    if (random.below(2) == 0) {
      const std::string_view run = ring.front();
      const std::size_t part =
          run.size() - random.below(static_cast<std::uint32_t>(run.size() + 1));
      taken += run.substr(0, part);
      ring.consume(part);
    }
  }
  taken += take_all(ring);
  EXPECT_EQ(taken, expected);
  EXPECT_EQ(ring.dropped(), dropped);
  EXPECT_GT(dropped, 0u);
}

// Every line that was accepted comes out whole and in order, while the consumer is sometimes slow.
TEST(LogRing, OneProducerAndOneConsumer) {
  constexpr int kLines = 100'000;
  LogRing ring(4096);
  std::atomic<bool> finished{false};
  std::uint64_t accepted = 0;
  std::thread producer([&] {
    Random random(3);
    for (int i = 0; i < kLines; ++i) {
      std::string line = std::to_string(i);
      line += ' ' + std::string(random.below(120), 'x') + "\n";
      if (put(ring, line, line.size() + random.below(200))) ++accepted;
    }
    finished = true;
  });
  std::string text;
  for (;;) {
    const bool last = finished;
    text += take_all(ring);
    if (last) break;
  }
  producer.join();
  int previous = -1;
  std::uint64_t lines = 0;
  for (const std::string& line : lines_of(text)) {
    const int number = std::stoi(line);
    ASSERT_GT(number, previous);
    ASSERT_EQ(line.find_first_not_of('x', line.find(' ') + 1), std::string::npos) << line;
    previous = number;
    ++lines;
  }
  EXPECT_EQ(lines, accepted);
  EXPECT_EQ(ring.dropped(), kLines - accepted);
}

}  // namespace
}  // namespace weir::observe
