// What the section readers share: scalars with ${...} expanded, errors at a node's place, and the
// names that must exist once the whole file is read. One per load, on the loading thread; borrows
// the tree, the environment and the errors.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "config/config_error.h"
#include "config/environment.h"
#include "config/tree.h"

namespace weir::config {

// The value a text stands for, or what is wrong with it and the mend.
template <class T>
using Parsed = std::expected<T, std::string>;

// A name used in the file that has to be defined in it.
struct Reference {
  enum class Kind : std::uint8_t { listener, cluster };
  Kind kind;
  const Node* at;
  std::string name;
};

class Reader {
 public:
  Reader(const Environment& environment, ErrorList& errors, ErrorList& warnings)
      : environment_(environment), errors_(errors), warnings_(warnings) {}

  void error(const Node& at, std::string message) {
    errors_.add(at.file, at.line, at.column, std::move(message));
  }
  void error(const Place& at, std::string message) {
    errors_.add(errors_.index_of(at.file), at.line, at.column, std::move(message));
  }
  void warn(const Node& at, std::string message) {
    warnings_.add(at.file, at.line, at.column, std::move(message));
  }
  Place place(const Node& at) const { return {errors_.file(at.file), at.line, at.column}; }
  const Environment& environment() const { return environment_; }

  // True when the node is of that kind; reports otherwise.
  bool expect(const Node& node, NodeKind kind);
  // The text of a scalar, expanded; nothing (and an error) when it is no scalar or does not expand.
  std::optional<std::string> text(const Node& node);

  void unknown_key(const Node& key, std::span<const std::string_view> known);
  // Refuses a key of a later version, unless its value is `harmless`: what happens without the key.
  void not_yet(const Entry& entry, std::string_view words, std::string_view harmless);

  void refer(Reference::Kind kind, const Node& at, std::string name) {
    references_.push_back({kind, &at, std::move(name)});
  }
  const std::vector<Reference>& references() const { return references_; }
  bool crowded() const { return errors_.full(); }

  ErrorList& errors() { return errors_; }
  // Errors and warnings are about this file from now on, where nothing else is said.
  void begin_file(const std::string& name) {
    errors_.begin_file(name);
    warnings_.begin_file(name);
  }

 private:
  const Environment& environment_;
  ErrorList& errors_;
  ErrorList& warnings_;
  std::vector<Reference> references_;
  std::size_t expanded_bytes_ = 0;
};

// Where something stands that something else refers to: "line 7", or "other.yaml:7".
std::string line_words(const Place& place, const Place& from);

// Reads a scalar with a parser of its text. False when it was reported and `out` is unchanged.
template <class T, class Parse>
bool read_as(Reader& reader, const Node& node, T& out, Parse parse) {
  const std::optional<std::string> text = reader.text(node);
  if (!text) return false;
  Parsed<T> parsed = parse(std::string_view(*text));
  if (!parsed) {
    reader.error(node, std::move(parsed.error()));
    return false;
  }
  out = std::move(*parsed);
  return true;
}

// Reads a sequence, element by element, with a function (Reader&, const Node&, T&) -> bool. An
// element that is reported is left out.
template <class T, class ReadElement>
void read_list(Reader& reader, const Node& node, std::vector<T>& out, ReadElement read_element) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  out.clear();
  out.reserve(node.entries.size());
  for (const Entry& entry : node.entries) {
    T element{};
    if (read_element(reader, *entry.value, element)) out.push_back(std::move(element));
  }
}

// The same for a sequence of scalars, with a parser of their text.
template <class T, class Parse>
void read_list_as(Reader& reader, const Node& node, std::vector<T>& out, Parse parse) {
  read_list(reader, node, out, [&](Reader& r, const Node& element, T& item) {
    return read_as(r, element, item, parse);
  });
}

}  // namespace weir::config
