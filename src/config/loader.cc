// File -> text -> tree -> sections -> references, collecting errors all along.
// Called from server/ and cli/.
// Never keeps a file open and never reads more than limits::kConfigBytes of it.
#include "config/loader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sys/stat.h>

#include <weir/limits.h>

#include "config/reader.h"
#include "config/sections.h"
#include "config/tree.h"

namespace weir::config {
namespace {

// The file's text, up to one byte more than is allowed; nothing when it was reported.
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

}  // namespace

Loaded load_text(std::string_view text, std::string name, const Environment& environment) {
  Loaded loaded;
  ErrorList warnings(name);
  ErrorList errors(std::move(name));
  const Tree tree = parse_tree(text, errors);
  if (tree.root != nullptr) {
    Reader reader(environment, errors, warnings);
    read_file(reader, *tree.root, loaded.config);
  } else {
    loaded.errors = errors.take();
    if (loaded.errors.empty()) {
      loaded.errors.push_back({errors.file(), 0, 0, "the file is empty"});
    }
    return loaded;
  }
  loaded.errors = errors.take();
  loaded.warnings = warnings.take();
  return loaded;
}

Loaded load_file(const std::string& path, const Environment& environment) {
  ErrorList errors(path);
  const std::optional<std::string> text = read_whole(path, errors);
  if (!text) return {.config = {}, .errors = errors.take(), .warnings = {}};
  return load_text(*text, path, environment);
}

}  // namespace weir::config
