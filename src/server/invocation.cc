// From /proc/self and the environment.
#include "server/invocation.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace weir::server {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOwnFile = "/proc/self/exe";
constexpr std::string_view kForOneProcess[] = {
    "WEIR_SOCKETS=",     "WEIR_READY_FD=", "WEIR_STDERR_FD=", "WEIR_TICKET_KEYS_FD=",
    "WEIR_SETTINGS_FD=", "LISTEN_PID=",    "LISTEN_FDS=",     "LISTEN_FDNAMES="};

std::string if_same(const fs::path& candidate, const std::string& file) {
  std::error_code failure;
  if (!fs::equivalent(candidate, file, failure) || failure) return {};
  const fs::path absolute = fs::absolute(candidate, failure);
  return failure ? std::string() : absolute.lexically_normal().string();
}

}  // namespace

std::string path_of(std::string_view name, std::string_view search_path, const std::string& file) {
  if (name.find('/') != std::string_view::npos) return if_same(name, file);
  std::istringstream folders{std::string(search_path)};
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string found = if_same(fs::path(folder) / name, file);
    if (!found.empty()) return found;
  }
  return {};
}

Invocation own_invocation() {
  Invocation own;
  std::ifstream line("/proc/self/cmdline", std::ios::binary);
  for (std::string argument; std::getline(line, argument, '\0');) {
    own.arguments.push_back(std::move(argument));
  }
  const char* search_path = std::getenv("PATH");
  if (!own.arguments.empty()) {
    own.path = path_of(own.arguments[0], search_path == nullptr ? "" : search_path, kOwnFile);
  }
  if (own.path.empty()) {
    std::error_code failure;
    own.path = fs::read_symlink(kOwnFile, failure).string();
  }
  return own;
}

std::vector<std::string> inheritable_environment() {
  std::vector<std::string> kept;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view entry(*at);
    const auto names = [entry](std::string_view name) { return entry.starts_with(name); };
    if (std::ranges::none_of(kForOneProcess, names)) kept.emplace_back(entry);
  }
  return kept;
}

}  // namespace weir::server
