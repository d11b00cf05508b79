// The whole way of a line: worker, ring, writer, file; reload, rotation, a reader that stops, a
// disk that is full, and the end of the process. Nothing here sleeps: flush() says when the writer
// has looked.
#include "observe/access_log.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "fixtures.h"
#include "observe/log.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

using config::LogFormat;

constexpr LogWriter::Timing kQuick{.interval = std::chrono::milliseconds(1),
                                   .busy_interval = std::chrono::milliseconds(1),
                                   .last_flush = std::chrono::milliseconds(20)};

std::uint64_t dropped(const AccessLog& log, const std::string& reason) {
  std::string out;
  Exposition page(out);
  log.render(page);
  const PrometheusPage read = PrometheusReader::read(out);
  EXPECT_EQ(read.error, "");
  return std::stoull(read.value("weir_access_log_dropped_lines_total{reason=\"" + reason + "\"}"));
}

// A FIFO whose reader is this test: it reads when it likes.
class SlowReader {
 public:
  explicit SlowReader(const std::string& path) {
    if (mkfifo(path.c_str(), 0600) == 0) fd_ = open(path.c_str(), O_RDONLY | O_NONBLOCK);
  }
  ~SlowReader() { stop(); }
  SlowReader(const SlowReader&) = delete;
  SlowReader& operator=(const SlowReader&) = delete;

  void stop() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  std::string read_what_is_there() {
    std::string text;
    char buffer[65536];
    for (ssize_t n; (n = read(fd_, buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(n));
    }
    return text;
  }

 private:
  int fd_ = -1;
};

class AccessLogTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(open_log({.path = folder.file("proxy.log"), .level = {}})); }
  void TearDown() override { ASSERT_TRUE(open_log({})); }

  ExchangeRecord record_of(const std::string& id) {
    ids_.push_back(std::make_unique<std::string>(id));
    ExchangeRecord record = full_record();
    record.id = *ids_.back();
    return record;
  }

  TemporaryFolder folder;
  std::string path = folder.file("access.log");

 private:
  std::vector<std::unique_ptr<std::string>> ids_;
};

TEST_F(AccessLogTest, LinesOfAllWorkersReachTheFile) {
  AccessLog log(3, kQuick);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  for (int i = 0; i < 3; ++i) log.worker(i).write(record_of("worker" + std::to_string(i)));
  log.flush();
  const auto lines = lines_of(text_of(path));
  ASSERT_EQ(lines.size(), 3u);
  for (const std::string& line : lines) EXPECT_TRUE(nlohmann::json::accept(line));
  EXPECT_EQ(dropped(log, "ring_full"), 0u);
}

TEST_F(AccessLogTest, WhatWasLoggedIsThereAfterTheEnd) {
  {
    AccessLog log(1, {});
    ASSERT_FALSE(log.open({.path = path, .format = LogFormat::combined}));
    for (int i = 0; i < 1000; ++i) log.worker(0).write(full_record());
  }
  EXPECT_EQ(lines_of(text_of(path)).size(), 1000u);
}

TEST_F(AccessLogTest, NothingIsLoggedWhileOff) {
  AccessLog log(1, kQuick);
  log.worker(0).write(full_record());
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  log.worker(0).write(record_of("on"));
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::off}));
  log.worker(0).write(record_of("off"));
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::combined}));
  log.worker(0).write(record_of("combined"));
  log.flush();
  const auto lines = lines_of(text_of(path));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(nlohmann::json::parse(lines[0])["id"], "on");
  EXPECT_EQ(lines[1].find("203.0.113.7 - - ["), 0u);
}

// Readers of the combined format take every line for a client's request.
TEST_F(AccessLogTest, CopiesAreInTheJsonFormatOnly) {
  AccessLog log(1, kQuick);
  ExchangeRecord copy = record_of("copy");
  copy.is_copy = true;
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::combined}));
  log.worker(0).write(copy);
  log.worker(0).write(record_of("request"));
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  log.worker(0).write(copy);
  log.flush();
  const auto lines = lines_of(text_of(path));
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].find("203.0.113.7 - - ["), 0u);
  EXPECT_EQ(nlohmann::json::parse(lines[1])["copy"], true);
  EXPECT_EQ(dropped(log, "ring_full"), 0u);
}

TEST_F(AccessLogTest, ReopenFollowsAMovedFile) {
  AccessLog log(1, kQuick);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  log.worker(0).write(record_of("before"));
  log.flush();
  std::filesystem::rename(path, path + ".1");
  log.worker(0).write(record_of("moved"));
  log.flush();
  ASSERT_FALSE(log.reopen());
  log.worker(0).write(record_of("after"));
  log.flush();
  const auto rotated = lines_of(text_of(path + ".1"));
  const auto current = lines_of(text_of(path));
  ASSERT_EQ(rotated.size(), 2u);
  ASSERT_EQ(current.size(), 1u);
  EXPECT_EQ(nlohmann::json::parse(rotated[1])["id"], "moved");
  EXPECT_EQ(nlohmann::json::parse(current[0])["id"], "after");
}

TEST_F(AccessLogTest, AFailedReopenOrChangeKeepsTheOldFile) {
  AccessLog log(1, kQuick);
  const std::string sub = folder.file("sub");
  std::filesystem::create_directory(sub);
  ASSERT_FALSE(log.open({.path = sub + "/log", .format = LogFormat::json}));
  std::filesystem::rename(sub, sub + "2");
  EXPECT_EQ(log.reopen(), (Error{Errc::system, ENOENT}));
  EXPECT_EQ(log.open({.path = sub + "/other", .format = LogFormat::combined}).sys, ENOENT);
  log.worker(0).write(full_record());
  log.flush();
  EXPECT_TRUE(nlohmann::json::accept(text_of(sub + "2/log")));
}

TEST_F(AccessLogTest, AReaderThatStopsCostsLinesAndNoWorkerWaits) {
  SlowReader reader(path);
  AccessLog log(2, kQuick);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  // More than ring and pipe hold: were a worker to wait, this would never end.
  constexpr std::uint64_t kLines = 10'000;
  for (std::uint64_t i = 0; i < kLines; ++i) log.worker(0).write(record_of(std::to_string(i)));
  const std::uint64_t lost = dropped(log, "ring_full");
  EXPECT_GT(lost, 0u);
  log.worker(1).write(record_of("other"));  // the other worker's ring has room
  EXPECT_EQ(dropped(log, "ring_full"), lost);

  std::string text;
  for (std::uint64_t seen = 0; seen < kLines - lost + 1;) {
    const std::string more = reader.read_what_is_there();
    seen += static_cast<std::uint64_t>(std::count(more.begin(), more.end(), '\n'));
    text += more;
    log.flush();
  }
  int previous = -1;
  int others = 0;
  for (const std::string& line : lines_of(text)) {
    const std::string id = nlohmann::json::parse(line)["id"];
    if (id == "other") {
      ++others;
      continue;
    }
    EXPECT_GT(std::stoi(id), previous);
    previous = std::stoi(id);
  }
  EXPECT_EQ(others, 1);
  log.worker(0).write(record_of("recovered"));
  log.flush();
  EXPECT_NE(reader.read_what_is_there().find("recovered"), std::string::npos);
}

TEST_F(AccessLogTest, AStoppedReaderDoesNotHoldUpTheEnd) {
  SlowReader reader(path);
  const auto begin = std::chrono::steady_clock::now();
  {
    AccessLog log(1, kQuick);
    ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
    for (int i = 0; i < 2'000; ++i) log.worker(0).write(full_record());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  const std::string text = reader.read_what_is_there();
  for (const std::string& line : lines_of(text)) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST_F(AccessLogTest, APipeThatLostItsReaderDropsCountsAndSaysSo) {
  SlowReader reader(path);
  AccessLog log(1, kQuick);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  reader.stop();
  for (int i = 0; i < 10; ++i) log.worker(0).write(full_record());
  log.flush();
  EXPECT_EQ(dropped(log, "write_failed"), 10u);
  EXPECT_NE(text_of(folder.file("proxy.log")).find("access log: cannot write: Broken pipe"),
            std::string::npos);
  const std::string next = folder.file("next.log");
  ASSERT_FALSE(log.open({.path = next, .format = LogFormat::json}));
  log.worker(0).write(full_record());
  log.flush();
  EXPECT_EQ(lines_of(text_of(next)).size(), 1u);
  EXPECT_NE(text_of(folder.file("proxy.log")).find("access log: writing again"), std::string::npos);
  ASSERT_FALSE(log.open({.path = next, .format = LogFormat::off}));
  EXPECT_EQ(dropped(log, "write_failed"), 10u);  // the count survives its writer
}

TEST_F(AccessLogTest, LinesWaitWhileTheDiskIsFull) {
  AccessLog log(1, kQuick);
  ASSERT_FALSE(log.open({.path = "/dev/full", .format = LogFormat::json}));
  for (int i = 0; i < 5; ++i) log.worker(0).write(record_of(std::to_string(i)));
  log.flush();
  EXPECT_EQ(dropped(log, "write_failed"), 0u);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  log.flush();
  EXPECT_EQ(lines_of(text_of(path)).size(), 5u);
}

TEST_F(AccessLogTest, WorkersLogWhileTheFileIsReopened) {
  constexpr int kWorkers = 2;
  constexpr int kLines = 5'000;
  AccessLog log(kWorkers, kQuick);
  ASSERT_FALSE(log.open({.path = path, .format = LogFormat::json}));
  std::vector<std::thread> workers;
  for (int i = 0; i < kWorkers; ++i) {
    workers.emplace_back([&log, i] {
      for (int n = 0; n < kLines; ++n) log.worker(i).write(full_record());
    });
  }
  std::string text;
  for (int i = 0; i < 20; ++i) {
    const std::string moved = path + "." + std::to_string(i);
    std::filesystem::rename(path, moved);
    ASSERT_FALSE(log.reopen());
    log.flush();
    text += text_of(moved);
  }
  for (std::thread& worker : workers) worker.join();
  log.flush();
  text += text_of(path);
  std::uint64_t lines = 0;
  for (const std::string& line : lines_of(text)) {
    ASSERT_TRUE(nlohmann::json::accept(line)) << line;
    ++lines;
  }
  EXPECT_EQ(lines + dropped(log, "ring_full"), static_cast<std::uint64_t>(kWorkers * kLines));
}

TEST_F(AccessLogTest, LoggingAllocatesNothing) {
  for (const LogFormat format : {LogFormat::json, LogFormat::combined}) {
    AccessLog log(1, kQuick);
    ASSERT_FALSE(log.open({.path = path, .format = format}));
    const ExchangeRecord record = full_record();
    const std::uint64_t before = allocations();
    for (int i = 0; i < 100; ++i) log.worker(0).write(record);
    EXPECT_EQ(allocations(), before);
    log.flush();
    EXPECT_EQ(dropped(log, "ring_full"), 0u);
  }
  EXPECT_EQ(lines_of(text_of(path)).size(), 200u);
}

}  // namespace
}  // namespace weir::observe
