// The proxy's own log: form of a line, levels, escaping, rotation, and the limiter.
#include "observe/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "fixtures.h"

namespace weir::observe {
namespace {

using config::LogLevel;

class LogTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(open_log({.path = path, .level = LogLevel::info})); }
  void TearDown() override { ASSERT_TRUE(open_log({})); }
  std::vector<std::string> lines() { return lines_of(text_of(path)); }

  TemporaryFolder folder;
  std::string path = folder.file("weir.log");
};

TEST_F(LogTest, ALineIsTimeLevelMessage) {
  log_info("listening on {}:{}", "0.0.0.0", 8080);
  log_warn("half full");
  log_error("failed");
  ASSERT_EQ(lines().size(), 3u);
  EXPECT_THAT(lines(), testing::Each(testing::MatchesRegex(
                           "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                           "(info|warning|error) .+")));
  EXPECT_NE(lines()[0].find(" info listening on 0.0.0.0:8080"), std::string::npos);
}

TEST_F(LogTest, LevelsFilterAndChange) {
  log_debug("not yet");
  EXPECT_EQ(lines().size(), 0u);
  ASSERT_TRUE(open_log({.path = path, .level = LogLevel::debug}));
  log_debug("now");
  EXPECT_EQ(lines().size(), 1u);
  ASSERT_TRUE(open_log({.path = path, .level = LogLevel::error}));
  log_warn("no longer");
  EXPECT_EQ(lines().size(), 1u);
  EXPECT_FALSE(log_enabled(LogLevel::warn));
  EXPECT_TRUE(log_enabled(LogLevel::error));
}

TEST_F(LogTest, ALineStaysALine) {
  log_info("host {}", "a\nb\x1b[31m {} %n");
  ASSERT_EQ(lines().size(), 1u);
  EXPECT_NE(lines()[0].find(R"(host a\x0Ab\x1B[31m {} %n)"), std::string::npos);
}

TEST_F(LogTest, ReopenFollowsAMovedFile) {
  log_info("before");
  std::filesystem::rename(path, path + ".1");
  ASSERT_TRUE(reopen_log());
  log_info("after");
  EXPECT_NE(text_of(path + ".1").find("before"), std::string::npos);
  EXPECT_NE(text_of(path).find("after"), std::string::npos);
  EXPECT_EQ(text_of(path).find("before"), std::string::npos);
}

TEST_F(LogTest, APathThatCannotBeOpenedChangesNothing) {
  EXPECT_FALSE(open_log({.path = folder.file("no/such"), .level = LogLevel::info}));
  log_info("still here");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_NE(lines()[0].find("cannot open"), std::string::npos);
  EXPECT_NE(lines()[1].find("still here"), std::string::npos);
}

TEST_F(LogTest, LinesAreLostAndCountedWhenTheDiskIsFull) {
  ASSERT_TRUE(open_log({.path = "/dev/full", .level = LogLevel::info}));
  log_info("one");
  log_info("two");
  ASSERT_TRUE(open_log({.path = path, .level = LogLevel::info}));
  log_info("three");
  ASSERT_EQ(lines().size(), 2u);
  EXPECT_NE(lines()[0].find("three"), std::string::npos);
  EXPECT_EQ(lines()[1], "2 lines were lost here");
}

TEST_F(LogTest, ALimitedLineSaysHowManyItLeftOut) {
  LogLimiter limiter;
  for (int i = 0; i < 50; ++i) log_limited(limiter, LogLevel::warn, "event {}", i);
  ASSERT_GE(lines().size(), 1u);
  EXPECT_LT(lines().size(), 50u);
  EXPECT_NE(lines()[0].find("event 0"), std::string::npos);
}

TEST(LogLimiter, LetsOneThroughASecondAndCountsTheRest) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  LogLimiter limiter;
  EXPECT_TRUE(limiter.ask(10 * kSecond).allowed);
  EXPECT_FALSE(limiter.ask(10 * kSecond + 1).allowed);
  EXPECT_FALSE(limiter.ask(11 * kSecond - 1).allowed);
  const auto next = limiter.ask(11 * kSecond);
  EXPECT_TRUE(next.allowed);
  EXPECT_EQ(next.suppressed, 2u);
  EXPECT_EQ(limiter.ask(12 * kSecond).suppressed, 0u);
}

}  // namespace
}  // namespace weir::observe
