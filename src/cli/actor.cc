// A name becomes a header's value: a line end in it would be another header.
#include "cli/actor.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <pwd.h>
#include <string_view>
#include <unistd.h>

#include "base/ascii.h"

namespace weir::cli {
namespace {

bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, ascii::is_control);
}

}  // namespace

std::expected<std::string, std::string> actor_named(const std::string& as) {
  if (as.empty()) return who_am_i();
  if (has_control_bytes(as)) return std::unexpected("--as holds control characters");
  return as;
}

std::string who_am_i() {
  const char* user = std::getenv("USER");
  if (user == nullptr || *user == '\0') user = std::getenv("LOGNAME");
  char host[256] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  const passwd* entry = user == nullptr ? getpwuid(getuid()) : nullptr;
  if (entry != nullptr) user = entry->pw_name;
  std::string name = user == nullptr ? fmt::format("uid {}", getuid()) : user;
  if (host[0] != '\0') name.append("@").append(host);
  return has_control_bytes(name) ? "unknown" : name;
}

}  // namespace weir::cli
