// Called by the supervisor, at the start and for a reload, and by `weir check`.
#include "config/named_file.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include <weir/limits.h>

#include "config/plain_text.h"
#include "config/quantities.h"
#include "config/read_whole.h"
#include "config/scalars.h"

namespace weir::config {
namespace {

// Empty when all is well.
std::string take_text(const std::string& path, std::string& text) {
  auto read = read_whole(path);
  if (!read) return std::move(read.error());
  if (read->empty()) return "is empty";
  if (read->size() > limits::kNamedFileBytes) {
    return "is larger than " + format_size(limits::kNamedFileBytes);
  }
  text = *std::move(read);
  return {};
}

void take_named(NamedFile& file, std::vector<ConfigError>& errors) {
  if (file.path.empty()) return;
  const std::string problem = take_text(file.path, file.text);
  if (problem.empty()) return;
  errors.push_back({file.place.file, file.place.line, file.place.column,
                    fmt::format("{}: {}", printable(file.path), problem)});
}

}  // namespace

void read_file_name(Reader& reader, const Node& node, FileName& out) {
  const auto parse = [](std::string_view text) -> Parsed<std::string> {
    if (text.empty()) return std::unexpected("no file named: write a path");
    return std::string(text);
  };
  std::string path;
  if (!read_as(reader, node, path, parse)) return;
  out.place = reader.place(node);
  const auto folder = std::filesystem::path(out.place.file).parent_path();
  out.path = (folder / path).lexically_normal().string();
}

void read_named_files(Loaded& loaded) {
  if (!loaded.errors.empty()) return;
  for (Cluster& cluster : loaded.config.clusters) {
    if (!cluster.tls) continue;
    for (NamedFile* file : {&cluster.tls->ca, &cluster.tls->certificate, &cluster.tls->key}) {
      take_named(*file, loaded.errors);
    }
  }
}

}  // namespace weir::config
