// Further files: what the main file's `include` names is read with it, as if its listeners, routes
// and clusters stood there. Called by the loader for the main file alone; the watch on the files
// asks which there are. Never throws, never reads a section's meaning.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "config/reader.h"
#include "config/tree.h"

namespace weir::config {

// What one load reads. Owns the trees of all its files.
struct Document {
  std::deque<Tree> trees;             // the main file's first
  std::deque<Node> merged;            // the root and sections that have parts in several files
  const Node* root = nullptr;         // all files' as one
  std::vector<std::string> patterns;  // what `include` says, as paths
  std::vector<std::string> included;  // the files that were read for it
};

// The regular files and whatever else a pattern of glob(7) names, sorted; a path without a wildcard
// is itself, whether it is there or not.
std::vector<std::string> files_of(const std::string& pattern);

// Adds what the files say that document.root, the tree of the file at `path`, includes.
void include_files(Reader& reader, const std::string& path, Document& document);

}  // namespace weir::config
