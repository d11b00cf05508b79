// Several files' trees as one. Routes of included files come before the main file's, so that the
// route for the rest, which ends a main file, stays the last; listeners and clusters have names and
// no order. Every mistake keeps its own file's name.
#include "config/include.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <glob.h>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <weir/limits.h>

#include "config/known_keys.h"
#include "config/plain_text.h"
#include "config/read_whole.h"

namespace weir::config {
namespace {

struct Section {
  std::string_view name;
  NodeKind kind;
};
constexpr std::array<Section, 3> kSections{{
    {"listeners", NodeKind::map},
    {"routes", NodeKind::sequence},
    {"clusters", NodeKind::map},
}};

bool is_section(std::string_view name) {
  return std::ranges::find(kSections, name, &Section::name) != kSections.end();
}

Parsed<std::string> parse_pattern(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return std::unexpected("no file named: write a path or a pattern");
}

// Equal for all names of one file; of one that is not there, its name.
using FileId = std::tuple<dev_t, ino_t, std::string>;

FileId id_of(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {0, 0, path};
  return {status.st_dev, status.st_ino, {}};
}

class Inclusion {
 public:
  Inclusion(Reader& reader, const std::string& path, Document& document)
      : reader_(reader), main_(path), document_(document), main_root_(*document.root) {}

  void take(const Node& wishes) {
    std::vector<Wish> patterns;
    read_list(reader_, wishes, patterns, [](Reader& reader, const Node& node, Wish& wish) {
      wish.place = &node;
      return read_as(reader, node, wish.name, parse_pattern);
    });
    for (Wish& pattern : patterns) {
      pattern.name = (std::filesystem::path(main_).parent_path() / pattern.name).lexically_normal();
      document_.patterns.push_back(pattern.name);
    }
    for (const Wish& file : files_of_all(patterns)) add_file(file);
    merge();
  }

 private:
  using Names = std::unordered_map<std::string_view, const Node*>;

  struct Wish {
    std::string name;  // of a file, or a pattern
    const Node* place = nullptr;
  };

  // Each once, whatever it is called; the main file may stand among those it names.
  std::vector<Wish> files_of_all(const std::vector<Wish>& patterns) const {
    std::set<FileId> known{id_of(main_)};
    std::vector<Wish> files;
    for (const Wish& pattern : patterns) {
      for (std::string& file : files_of(pattern.name)) {
        if (known.insert(id_of(file)).second) files.push_back({std::move(file), pattern.place});
      }
    }
    return files;
  }

  void add_file(const Wish& wish) {
    const std::string& file = wish.name;
    if (document_.included.size() == limits::kConfigIncludes) {
      if (!std::exchange(too_many_, true)) {
        reader_.error(main_root_, fmt::format("includes more than {} files: leave out {} and what "
                                              "follows, or join some",
                                              limits::kConfigIncludes, file));
      }
      return;
    }
    const Parsed<std::string> text = read_whole(file);
    if (!text) {
      reader_.error(*wish.place, fmt::format("{}: {}", printable(file), text.error()));
      return;
    }
    document_.included.push_back(file);
    reader_.begin_file(file);
    const Tree& tree = document_.trees.emplace_back(parse_tree(*text, reader_.errors()));
    if (tree.root == nullptr || tree.root->kind == NodeKind::null) return;  // it may be empty
    nodes_ += tree.root->weight;
    if (nodes_ > limits::kConfigNodes) {
      reader_.error(*tree.root,
                    fmt::format("more than {} values in all files", limits::kConfigNodes));
      return;
    }
    if (reader_.expect(*tree.root, NodeKind::map)) check_keys(*tree.root);
  }

  void check_keys(const Node& root) {
    constexpr std::array<std::string_view, 3> kNames{kSections[0].name, kSections[1].name,
                                                     kSections[2].name};
    for (const Entry& entry : root.entries) {
      const std::string& name = entry.key->text;
      if (is_section(name)) continue;
      if (name == "include") {
        reader_.error(*entry.key,
                      fmt::format("an included file includes no others: name them in {}", main_));
      } else if (main_root_.find(name) != nullptr || is_file_key(name)) {
        reader_.error(*entry.key,
                      fmt::format("'{}' belongs into {}: an included file has listeners, "
                                  "routes and clusters",
                                  printable(name), main_));
      } else {
        reader_.unknown_key(*entry.key, kNames);
      }
    }
  }

  static bool is_file_key(std::string_view name) {
    const KeyList keys = known_keys();
    return std::ranges::find(keys, name, &KnownKey::path) != keys.end();
  }

  void merge() {
    Node& root = document_.merged.emplace_back(main_root_);
    std::erase_if(root.entries, [](const Entry& entry) {
      return entry.key->text == "include" || is_section(entry.key->text);
    });
    for (const Section& section : kSections) merge_section(section, root);
    document_.root = &root;
  }

  // A section that is not what it should be stays alone, for its reader to report.
  void merge_section(const Section& section, Node& root) {
    Node* whole = nullptr;
    Names names;
    const auto add = [&](const Tree& tree) {
      if (tree.root == nullptr) return;
      const auto found = std::ranges::find_if(tree.root->entries, [&](const Entry& entry) {
        return entry.key != nullptr && entry.key->text == section.name;
      });
      if (found == tree.root->entries.end()) return;
      if (whole == nullptr) {
        whole = &document_.merged.emplace_back(*found->value);
        whole->entries.clear();
        root.entries.push_back({found->key, whole});
      }
      if (found->value->kind == whole->kind) {
        join(*whole, *found->value, names);
      } else {
        reader_.expect(*found->value, section.kind);
      }
    };
    const bool main_is_last = section.kind == NodeKind::sequence;
    if (!main_is_last) add(document_.trees.front());
    for (std::size_t i = 1; i < document_.trees.size(); ++i) add(document_.trees[i]);
    if (main_is_last) add(document_.trees.front());
  }

  void join(Node& whole, const Node& part, Names& names) {
    for (const Entry& entry : part.entries) {
      if (entry.key != nullptr) {
        const auto [first, is_new] = names.emplace(entry.key->text, entry.key);
        if (!is_new) {
          report_again(*entry.key, *first->second);
          continue;
        }
      }
      whole.entries.push_back(entry);
    }
  }

  void report_again(const Node& key, const Node& first) {
    reader_.error(
        key, fmt::format("duplicate key '{}', first at {}: remove one of them", printable(key.text),
                         line_words(reader_.place(first), reader_.place(key))));
  }

  Reader& reader_;
  const std::string& main_;
  Document& document_;
  const Node& main_root_;
  std::size_t nodes_ = main_root_.weight;
  bool too_many_ = false;
};

}  // namespace

std::vector<std::string> files_of(const std::string& pattern) {
  std::vector<std::string> files;
  glob_t found{};
  if (::glob(pattern.c_str(), GLOB_NOMAGIC, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return files;
}

void include_files(Reader& reader, const std::string& path, Document& document) {
  const Node* wishes = document.root->find("include");
  if (wishes != nullptr) Inclusion(reader, path, document).take(*wishes);
}

}  // namespace weir::config
