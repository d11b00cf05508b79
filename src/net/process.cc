// Affinity and cgroup files are read once at the start; files that are missing or strange mean no
// limit.
#include "net/process.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <memory>
#include <sched.h>
#include <signal.h>
#include <string>
#include <sys/resource.h>

namespace weir::net {
namespace {

unsigned cpus_of_affinity() {
  // The kernel refuses a mask smaller than its own; grow until it fits.
  for (std::size_t cpus = 1024; cpus <= 1024 * 1024; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(cpus),
                                                               [](cpu_set_t* s) { CPU_FREE(s); });
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    if (set == nullptr) break;
    if (sched_getaffinity(0, bytes, set.get()) != 0) continue;
    return static_cast<unsigned>(std::max(1, CPU_COUNT_S(bytes, set.get())));
  }
  return 1;
}

// The path of this process in the unified hierarchy: the line "0::/path".
std::string own_cgroup() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::")) return line.substr(3);
  }
  return {};
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc()) return {};
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

void ignore_sigpipe() {
  struct sigaction action = {};
  action.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &action, nullptr);
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  rlimit raised = limit;
  raised.rlim_cur = raised.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &raised) == 0 ? raised.rlim_cur : limit.rlim_cur;
}

std::optional<unsigned> cpus_of_quota(std::string_view cpu_max) {
  const auto quota = take_number(cpu_max);
  if (!quota || cpu_max.empty() || cpu_max.front() != ' ') return {};
  cpu_max.remove_prefix(1);
  const auto period = take_number(cpu_max);
  if (!period || *period == 0) return {};
  const std::uint64_t cpus = *quota / *period + (*quota % *period == 0 ? 0 : 1);
  return static_cast<unsigned>(std::clamp<std::uint64_t>(cpus, 1, 1024 * 1024));
}

std::optional<unsigned> cpus_of_cgroup(const std::filesystem::path& mount, std::string_view group) {
  std::optional<unsigned> least;
  for (std::filesystem::path at(group);; at = at.parent_path()) {
    std::ifstream file(mount / at.relative_path() / "cpu.max");
    std::string line;
    if (std::getline(file, line)) {
      const auto cpus = cpus_of_quota(line);
      if (cpus && (!least || *cpus < *least)) least = cpus;
    }
    if (!at.has_relative_path()) return least;
  }
}

unsigned usable_cpus() {
  const unsigned allowed = cpus_of_affinity();
  const auto quota = cpus_of_cgroup("/sys/fs/cgroup", own_cgroup());
  return quota ? std::min(allowed, *quota) : allowed;
}

}  // namespace weir::net
