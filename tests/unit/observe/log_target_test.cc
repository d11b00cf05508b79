// Targets: what is opened how, and that writing never waits.
#include "observe/log_target.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"

namespace weir::observe {
namespace {

TEST(LogTarget, AppendsToAFileOfItsOwnMode) {
  const TemporaryFolder folder;
  const std::string path = folder.file("log");
  for (const char* line : {"one\n", "two\n"}) {
    auto target = LogTarget::open(path);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->write(line).value(), 4u);
  }
  EXPECT_EQ(text_of(path), "one\ntwo\n");
  struct stat status{};
  ASSERT_EQ(stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07137u, 0u);  // not beyond 0640, whatever the umask is
}

TEST(LogTarget, SaysWhyItCannotBeOpened) {
  const TemporaryFolder folder;
  const auto missing = LogTarget::open(folder.file("no/such/folder"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Error{Errc::system, ENOENT}));
  const auto directory = LogTarget::open(folder.file(""));
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error(), (Error{Errc::system, EISDIR}));
}

TEST(LogTarget, AFullBlockingPipeTakesNothingAndDoesNotBlock) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);  // blocking, as a shell makes them
  auto target = LogTarget::from_descriptor(ends[1]);
  const std::string text(1 << 20, 'x');
  std::size_t written = 0;
  for (;;) {
    const auto taken = target.write(std::string_view(text).substr(written));
    ASSERT_TRUE(taken);
    if (*taken == 0) break;
    written += *taken;
  }
  EXPECT_GE(written, static_cast<std::size_t>(PIPE_BUF));
  EXPECT_LT(written, text.size());
  char buffer[2 * PIPE_BUF];
  ASSERT_GT(read(ends[0], buffer, sizeof buffer), 0);
  EXPECT_GT(target.write(text).value(), 0u);
  close(ends[0]);
}

TEST(LogTarget, WritesWholeLinesToAPipe) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto target = LogTarget::from_descriptor(ends[1]);
  const std::string line = std::string(PIPE_BUF - 100, 'a') + "\n";
  EXPECT_EQ(target.write(line + line).value(), line.size());
  const std::string endless(3 * PIPE_BUF, 'a');
  EXPECT_EQ(target.write(endless).value(), static_cast<std::size_t>(PIPE_BUF));
  close(ends[0]);
}

TEST(LogTarget, AFullSocketTakesNothingAndDoesNotBlock) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  auto target = LogTarget::from_descriptor(ends[1]);
  const std::string text(1 << 16, 'x');
  std::size_t rounds = 0;
  while (target.write(text).value() > 0) ASSERT_LT(++rounds, 10'000u);
  EXPECT_GT(rounds, 0u);
  close(ends[0]);
  const auto broken = target.write(text);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().sys, EPIPE);  // and no SIGPIPE
}

TEST(LogTarget, APipeWithoutAReaderIsAnError) {
  signal(SIGPIPE, SIG_IGN);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  auto target = LogTarget::from_descriptor(ends[1]);
  close(ends[0]);
  const auto broken = target.write("line\n");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error(), (Error{Errc::system, EPIPE}));
}

TEST(LogTarget, StandardOutputKeepsItsFlags) {
  const int before = fcntl(STDOUT_FILENO, F_GETFL);
  {
    const auto target = LogTarget::open("stdout");
    ASSERT_TRUE(target);
  }
  EXPECT_EQ(fcntl(STDOUT_FILENO, F_GETFL), before);
}

}  // namespace
}  // namespace weir::observe
