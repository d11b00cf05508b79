// The process's surroundings; CPU quotas against made-up cgroup folders.
#include "net/process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace weir::net {
namespace {

TEST(Process, WritingToAClosedPipeIsAnError) {
  ignore_sigpipe();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(Process, TheDescriptorLimitBecomesTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  rlimit after{};
  ::getrlimit(RLIMIT_NOFILE, &after);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

TEST(Process, UsesAtLeastOneCpuAndNoMoreThanThereAre) {
  EXPECT_GE(usable_cpus(), 1u);
  EXPECT_LE(usable_cpus(), static_cast<unsigned>(::sysconf(_SC_NPROCESSORS_CONF)));
}

TEST(Process, AQuotaIsRoundedUpToWholeCpus) {
  EXPECT_EQ(cpus_of_quota("150000 100000"), 2u);
  EXPECT_EQ(cpus_of_quota("200000 100000"), 2u);
  EXPECT_EQ(cpus_of_quota("1000 100000"), 1u);
  EXPECT_EQ(cpus_of_quota("0 100000"), 1u);
  EXPECT_EQ(cpus_of_quota("max 100000"), std::nullopt);
  EXPECT_EQ(cpus_of_quota(""), std::nullopt);
  EXPECT_EQ(cpus_of_quota("100000"), std::nullopt);
  EXPECT_EQ(cpus_of_quota("100000 0"), std::nullopt);
  EXPECT_EQ(cpus_of_quota("100000 x"), std::nullopt);
}

TEST(Process, TheTightestQuotaOnTheWayToTheRootCounts) {
  char name[] = "/tmp/weir-net-XXXXXX";
  const std::filesystem::path mount = ::mkdtemp(name);
  std::filesystem::create_directories(mount / "a/b/c");
  std::ofstream(mount / "a/cpu.max") << "300000 100000\n";
  std::ofstream(mount / "a/b/cpu.max") << "700000 100000\n";
  std::ofstream(mount / "a/b/c/cpu.max") << "max 100000\n";
  EXPECT_EQ(cpus_of_cgroup(mount, "/a/b/c"), 3u);
  EXPECT_EQ(cpus_of_cgroup(mount, "/"), std::nullopt);
  EXPECT_EQ(cpus_of_cgroup(mount, ""), std::nullopt);
  EXPECT_EQ(cpus_of_cgroup(mount, "/gone"), std::nullopt);
  std::ofstream(mount / "cpu.max") << "100000 100000\n";
  EXPECT_EQ(cpus_of_cgroup(mount, "/a/b/c"), 1u);
  EXPECT_EQ(cpus_of_cgroup(mount, "/gone/below"), 1u);
  std::filesystem::remove_all(mount);
}

}  // namespace
}  // namespace weir::net
