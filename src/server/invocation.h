// How this process was started, so that another can be started alike: the binary by its path, not
// by its file, which may have been replaced since. Asked by the supervisor at the start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::server {

struct Invocation {
  std::string path;  // absolute; symlinks on the way to it are kept
  std::vector<std::string> arguments;
};

Invocation own_invocation();

// Where the name a program was called by leads: a path as it is, made absolute; another by the
// folders of `search_path`. Empty when it does not lead to the file with that device and inode.
std::string path_of(std::string_view name, std::string_view search_path, const std::string& file);

// This process's environment without what tells a process of sockets and readiness.
std::vector<std::string> inheritable_environment();

}  // namespace weir::server
