// Reading a file whole, with words for what people name instead of one.
#include "config/read_whole.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/stat.h>

#include <weir/limits.h>

namespace weir::config {

Parsed<std::string> read_whole(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return std::unexpected("is a directory: name the file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(fmt::format("cannot be opened: {}", std::strerror(errno)));
  std::string text;
  char block[64 * 1024];
  while (text.size() <= limits::kConfigBytes) {
    file.read(block, sizeof block);
    text.append(block, static_cast<std::size_t>(file.gcount()));
    if (!file) break;
  }
  if (file.bad()) {
    return std::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
  }
  return text;
}

}  // namespace weir::config
