// The writer where a target tears lines: what was begun is finished first, and repeated whole in a
// new target.
#include "observe/log_writer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "fixtures.h"

namespace weir::observe {
namespace {

constexpr LogWriter::Timing kQuick{.interval = std::chrono::milliseconds(1),
                                   .busy_interval = std::chrono::milliseconds(1),
                                   .last_flush = std::chrono::milliseconds(20)};

void put_line(LogRing& ring, const std::string& line) {
  char* out = ring.reserve(line.size());
  ASSERT_NE(out, nullptr);
  std::memcpy(out, line.data(), line.size());
  ring.commit(line.size());
}

// A stream socket takes any part of a line. The test holds the reading end.
struct Socket {
  Socket() {
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) ends[0] = ends[1] = -1;
  }
  ~Socket() { close(ends[0]); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  std::string read_what_is_there() {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = recv(ends[0], buffer, sizeof buffer, MSG_DONTWAIT)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }

  int ends[2];
};

// Lines of 200 KB, each of one letter: more than a socket's buffer takes, so that it tears one.
constexpr std::size_t kLong = 200'000;
std::string long_line(char letter) {
  return std::string(kLong, letter) + "\n";
}

TEST(LogWriter, ATornLineIsFinishedBeforeAnyOther) {
  Socket socket;
  LogRing first, second;
  for (const char letter : {'a', 'b'}) put_line(first, long_line(letter));
  for (const char letter : {'c', 'd'}) put_line(second, long_line(letter));
  LogWriter writer({&first, &second}, LogTarget::from_descriptor(socket.ends[1]), kQuick);
  std::string text;
  while (text.size() < 4 * (kLong + 1)) {
    writer.flush();
    text += socket.read_what_is_there();
  }
  const auto lines = lines_of(text);
  ASSERT_EQ(lines.size(), 4u);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.size(), kLong);
    EXPECT_EQ(line.find_first_not_of(line.front()), std::string::npos);
  }
  EXPECT_EQ(writer.dropped(), 0u);
}

TEST(LogWriter, ATornLineIsRepeatedWholeInANewTarget) {
  const TemporaryFolder folder;
  Socket socket;
  LogRing ring;
  put_line(ring, "first\n");
  for (const char letter : {'a', 'b'}) put_line(ring, long_line(letter));
  LogWriter writer({&ring}, LogTarget::from_descriptor(socket.ends[1]), kQuick);
  writer.flush();
  auto file = LogTarget::open(folder.file("log"));
  ASSERT_TRUE(file);
  writer.replace(std::move(*file));
  writer.flush();
  const std::string before = socket.read_what_is_there();
  EXPECT_EQ(before.substr(0, 6), "first\n");
  ASSERT_NE(before.back(), '\n') << "the socket took a whole line: nothing was torn";
  const auto lines = lines_of(text_of(folder.file("log")));
  ASSERT_FALSE(lines.empty());
  for (const std::string& line : lines) EXPECT_EQ(line.size(), kLong);
  EXPECT_EQ(lines.back().front(), 'b');
}

// Workers that log all the time must not make the writer turn to another ring within a line. A pipe
// takes a line of 5000 bytes in two pieces.
TEST(LogWriter, LinesStayWholeWhileWorkersFillTheRings) {
  constexpr int kWorkers = 2;
  constexpr int kLines = 2'000;
  constexpr std::size_t kLength = 5'000;
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  LogRing rings[kWorkers] = {LogRing(16384), LogRing(16384)};
  LogWriter writer({&rings[0], &rings[1]}, LogTarget::from_descriptor(ends[1]), kQuick);
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&, i] {
      const std::string line = std::string(kLength, static_cast<char>('a' + i)) + "\n";
      for (int n = 0; n < kLines;) {
        char* out = rings[i].reserve(line.size());
        if (out == nullptr) {
          std::this_thread::yield();
          continue;
        }
        std::memcpy(out, line.data(), line.size());
        rings[i].commit(line.size());
        ++n;
      }
    });
  }
  std::string text;
  char buffer[65536];
  while (text.size() < kWorkers * kLines * (kLength + 1)) {
    const ssize_t n = read(ends[0], buffer, sizeof buffer);
    if (n > 0) text.append(buffer, static_cast<std::size_t>(n));
  }
  for (std::thread& worker : workers) worker.join();
  close(ends[0]);
  for (const std::string& line : lines_of(text)) {
    ASSERT_EQ(line.size(), kLength);
    ASSERT_EQ(line.find_first_not_of(line.front()), std::string::npos);
  }
}

TEST(LogWriter, WhatTheEndCannotWriteIsCounted) {
  Socket socket;
  LogRing ring;
  for (const char letter : {'a', 'b', 'c', 'd'}) put_line(ring, long_line(letter));
  LogWriter writer({&ring}, LogTarget::from_descriptor(socket.ends[1]), kQuick);
  writer.flush();
  EXPECT_EQ(writer.dropped(), 0u);  // until the end a slow reader may come back
  writer.stop();
  const auto lines = lines_of(socket.read_what_is_there());
  std::uint64_t whole = 0;
  for (const std::string& line : lines) whole += line.size() == kLong;
  EXPECT_EQ(writer.dropped() + whole, 4u);
  EXPECT_GT(writer.dropped(), 0u);
  EXPECT_EQ(ring.front(), "");
}

}  // namespace
}  // namespace weir::observe
