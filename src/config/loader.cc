// Files -> text -> trees -> sections -> references, collecting errors all along.
// Called from server/ and cli/.
// Never keeps a file open and never reads more than limits::kConfigBytes of it.
#include "config/loader.h"

#include "config/include.h"
#include "config/read_whole.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/tree.h"

namespace weir::config {
namespace {

// `path` is empty for a text that is no file's.
Loaded load(std::string_view text, const std::string& path, ErrorList& errors,
            const Environment& environment) {
  Loaded loaded;
  ErrorList warnings(errors.file());
  Reader reader(environment, errors, warnings);
  Document document;
  document.root = document.trees.emplace_back(parse_tree(text, errors)).root;
  if (document.root == nullptr) {
    if (errors.empty()) errors.add(0, 0, "the file is empty");
  } else {
    if (!path.empty()) include_files(reader, path, document);
    read_file(reader, *document.root, loaded.config);
  }
  loaded.includes = std::move(document.patterns);
  loaded.included = std::move(document.included);
  loaded.errors = errors.take();
  loaded.warnings = warnings.take();
  return loaded;
}

}  // namespace

Loaded load_text(std::string_view text, std::string name, const Environment& environment) {
  ErrorList errors(std::move(name));
  return load(text, {}, errors, environment);
}

Loaded load_file(const std::string& path, const Environment& environment) {
  ErrorList errors(path);
  const Parsed<std::string> text = read_whole(path);
  if (text) return load(*text, path, errors, environment);
  errors.add(0, 0, text.error());
  return {.config = {}, .includes = {}, .included = {}, .errors = errors.take(), .warnings = {}};
}

AdminPlace find_admin(const std::string& path, const Environment& environment) {
  AdminPlace found;
  ErrorList errors(path);
  ErrorList warnings(path);
  const Parsed<std::string> text = read_whole(path);
  if (!text) errors.add(0, 0, text.error());
  const Tree tree = text ? parse_tree(*text, errors) : Tree();
  if (tree.root != nullptr) {
    Reader reader(environment, errors, warnings);
    if (const Node* node = tree.root->find("admin")) read_admin_place(reader, *node, found.admin);
  }
  found.errors = errors.take();
  return found;
}

}  // namespace weir::config
