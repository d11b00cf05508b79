// Reading a file whole, with words for what people name instead of one.
#include "config/read_whole.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>

#include <weir/limits.h>

namespace weir::config {

std::optional<std::string> read_whole(const std::string& path, ErrorList& errors) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    errors.add(0, 0, "is a directory: name the file");
    return {};
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    errors.add(0, 0, fmt::format("cannot be opened: {}", std::strerror(errno)));
    return {};
  }
  std::string text;
  char block[64 * 1024];
  while (text.size() <= limits::kConfigBytes) {
    file.read(block, sizeof block);
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (!file) break;
  }
  if (file.bad()) {
    errors.add(0, 0, fmt::format("cannot be read: {}", std::strerror(errno)));
    return {};
  }
  return text;
}

}  // namespace weir::config
