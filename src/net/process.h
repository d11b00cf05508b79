// What a network server needs of its process, asked once at the start by the command line and the
// supervisor.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace weir::net {

// Writing to a socket whose peer is gone shall be an error, not a death. Process-wide, before the
// first connection.
void ignore_sigpipe();

// Raises the soft limit of open files to the hard one; the limit now in force.
std::uint64_t raise_descriptor_limit();

// CPUs this process may use: its affinity mask, cut by the cgroup's quota (v2) rounded up; at
// least 1.
unsigned usable_cpus();

// The pieces of usable_cpus(), for tests. `cpu_max` is the text of a cgroup's cpu.max ("max
// 100000", "150000 100000"); nothing when it sets no limit or is not understood.
std::optional<unsigned> cpus_of_quota(std::string_view cpu_max);
// The smallest quota on the way from `group` ("/system.slice/weir.service") up to the root of the
// hierarchy mounted at `mount`.
std::optional<unsigned> cpus_of_cgroup(const std::filesystem::path& mount, std::string_view group);

}  // namespace weir::net
