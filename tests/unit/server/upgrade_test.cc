// Starting a successor, with scripts in its place: one that says it is ready, one that exits, one
// that does neither; and how the path of the binary is found.
#include "server/upgrade.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include <weir/limits.h>

#include "server/invocation.h"

namespace weir::server {
namespace {

class UpgradeTest : public testing::Test {
 protected:
  // The report on a shell that runs `script`.
  UpgradeReport run(const std::string& script, net::TimeMs patience = 20'000) {
    std::optional<UpgradeReport> report;
    const auto may_serve = [this] {
      ++asked_;
      return refusal_;
    };
    Upgrade upgrade(loop_, patience, may_serve, [&](const UpgradeReport& made) { report = made; });
    EXPECT_FALSE(upgrade.start({.path = "/bin/sh",
                                .arguments = {"sh", "-c", script},
                                .environment = {"PATH=/usr/bin:/bin"},
                                .descriptors = {}}));
    while (!report) loop_.run_once();
    return *report;
  }

  net::Loop loop_;
  std::string refusal_;  // of its question whether it may serve
  int asked_ = 0;
};

TEST_F(UpgradeTest, AWordThatItIsReadyIsEnough) {
  const UpgradeReport report = run("printf 1 >&4; exec sleep 0.1");
  EXPECT_TRUE(report.serves);
  EXPECT_GT(report.pid, 0);
  EXPECT_TRUE(report.errors.empty());
}

TEST_F(UpgradeTest, OneThatAsksIsToldThatItMayServe) {
  const UpgradeReport report =
      run("printf p >&4; [ \"$(head -c 1 <&4)\" = s ] || exit 7; printf 1 >&4; exec sleep 0.1");
  EXPECT_TRUE(report.serves) << report.errors.front();
  EXPECT_EQ(asked_, 1);
}

TEST_F(UpgradeTest, OneThatMayNotServeIsEndedAndNeverTold) {
  refusal_ = "something was changed";
  const UpgradeReport report = run("printf p >&4; head -c 1 <&4; printf 1 >&4; exec sleep 300");
  EXPECT_FALSE(report.serves);
  EXPECT_EQ(report.errors, std::vector<std::string>{"something was changed"});
}

TEST_F(UpgradeTest, OneThatEndsAfterItWasToldIsAFailure) {
  const UpgradeReport report = run("printf p >&4; head -c 1 <&4 >/dev/null; exit 4");
  EXPECT_FALSE(report.serves);
  EXPECT_EQ(report.errors, std::vector<std::string>{"the new process exited with 4"});
}

TEST_F(UpgradeTest, OneThatExitsIsAFailureWithWhatItSaid) {
  const UpgradeReport report = run("echo no such library >&2; echo >&2; echo sorry >&2; exit 3");
  EXPECT_FALSE(report.serves);
  EXPECT_EQ(report.errors, (std::vector<std::string>{"the new process exited with 3",
                                                     "no such library", "sorry"}));
}

TEST_F(UpgradeTest, OneThatDiesIsAFailureWithItsSignal) {
  const UpgradeReport report = run("kill -ABRT $$");
  EXPECT_EQ(report.errors, std::vector<std::string>{"the new process was ended by signal 6"});
}

TEST_F(UpgradeTest, OneThatIsNeverReadyIsKilled) {
  const UpgradeReport report = run("exec sleep 300", 50);
  EXPECT_FALSE(report.serves);
  EXPECT_EQ(report.errors, std::vector<std::string>{"the new process was not ready within 50 ms"});
}

TEST_F(UpgradeTest, WhatItSaysIsBounded) {
  const UpgradeReport report = run("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1");
  ASSERT_EQ(report.errors.size(), 2U);
  EXPECT_EQ(report.errors[1].size(), limits::kUpgradeWordsBytes);
}

TEST_F(UpgradeTest, AProgramThatCannotBeExecutedIsAnErrorAtOnce) {
  bool called = false;
  Upgrade upgrade(
      loop_, 1000, [] { return std::string(); }, [&](const UpgradeReport&) { called = true; });
  const Error error = upgrade.start({.path = "/nowhere/weir", .arguments = {"weir"}});
  EXPECT_EQ(error, (Error{Errc::system, ENOENT}));
  EXPECT_FALSE(called);
}

class BinaryPath : public testing::Test {
 protected:
  BinaryPath() {
    char name[] = "/tmp/weir-path-XXXXXX";
    folder_ = ::mkdtemp(name);
    std::filesystem::create_symlink("/bin/sh", folder_ / "weir");
  }
  ~BinaryPath() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(BinaryPath, ASymlinkStaysOneSoThatItCanPointElsewhereLater) {
  EXPECT_EQ(path_of((folder_ / "weir").string(), "", "/bin/sh"), folder_ / "weir");
}

TEST_F(BinaryPath, ANameWithoutFolderIsLookedForInThePath) {
  const std::string search = "/nowhere::" + folder_.string() + ":/bin";
  EXPECT_EQ(path_of("weir", search, "/bin/sh"), folder_ / "weir");
}

TEST_F(BinaryPath, ANameThatLeadsToAnotherProgramIsNotBelieved) {
  EXPECT_EQ(path_of((folder_ / "weir").string(), "", "/bin/cat"), "");
  EXPECT_EQ(path_of("none", folder_.string(), "/bin/sh"), "");
}

}  // namespace
}  // namespace weir::server
