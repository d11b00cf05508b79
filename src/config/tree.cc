// Builds the tree from yaml-cpp's events and catches what it throws: no exception of the YAML
// library leaves this file. Called once per load. Refuses, with a place, what could make reading a
// file expensive (size, depth, aliases) and what YAML parsers disagree on (tags, several documents,
// keys that are no text, control characters, broken UTF-8).
#include "config/tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <spanstream>
#include <unordered_map>

#include <weir/limits.h>

#include "config/plain_text.h"

namespace weir::config {
namespace {

// What this file refuses, as opposed to what yaml-cpp does.
class Refusal : public YAML::ParserException {
 public:
  using ParserException::ParserException;
};

[[noreturn]] void refuse(const YAML::Mark& mark, const std::string& message) {
  throw Refusal(mark, message);
}

// yaml-cpp's words with the mend of the mistakes that people make.
std::string words_of(const YAML::Exception& error) {
  const std::string_view text = error.msg;
  std::string_view mend;
  if (text.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR) ||
      text.starts_with(YAML::ErrorMsg::ALIAS_NOT_FOUND) ||
      text.starts_with(YAML::ErrorMsg::CHAR_IN_ALIAS)) {
    mend = " (a text that begins with * needs quotes)";
  } else if (text.starts_with(YAML::ErrorMsg::TAB_IN_INDENTATION)) {
    mend = " (indent with spaces)";
  } else if (text.starts_with(YAML::ErrorMsg::END_OF_MAP) ||
             text.starts_with(YAML::ErrorMsg::MAP_VALUE)) {
    mend = " (check the indentation, spaces only, and quote texts that contain ': ')";
  } else if (text.starts_with(YAML::ErrorMsg::END_OF_MAP_FLOW) ||
             text.starts_with(YAML::ErrorMsg::END_OF_SEQ_FLOW)) {
    mend = " (a '{' or '[' before this place is not closed)";
  }
  return fmt::format("not valid YAML: {}{}", printable(text), mend);
}

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(Tree& tree, ErrorList& errors) : tree_(tree), errors_(errors) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (tree_.root != nullptr) refuse(mark, "a second document: a file is one document");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node& node = make(mark, NodeKind::null, "", anchor);
    if (!open_.empty() && pending_key() != nullptr) {
      // yaml-cpp places what is not there at the next token, often on another line.
      node.line = pending_key()->line;
      node.column = pending_key()->column;
    }
    attach(node, mark);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) refuse(mark, "this alias is inside its own anchor");
    count(found->second->weight, mark);
    attach(*found->second, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node& node = make(mark, NodeKind::scalar, tag, anchor);
    node.text = value;
    attach(node, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, NodeKind::sequence, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, NodeKind::map, tag, anchor);
  }
  void OnMapEnd() override {
    drop_duplicates(*open_.back().node);
    close();
  }

 private:
  struct Open {
    Node* node;
    const Node* key = nullptr;  // of a map: read, its value still to come
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::size_t count_before = 0;
  };

  const Node* pending_key() const { return open_.back().key; }

  void count(std::size_t nodes, const YAML::Mark& mark) {
    count_ += nodes;
    if (count_ > limits::kConfigNodes) {
      refuse(mark, fmt::format("more than {} values (an alias counts as all it stands for)",
                               limits::kConfigNodes));
    }
  }

  Node& make(const YAML::Mark& mark, NodeKind kind, const std::string& tag, YAML::anchor_t anchor) {
    count(1, mark);
    // "?" is a plain scalar's tag, "!" a quoted one's.
    if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "tags are not supported: remove it");
    Node& node = tree_.nodes.emplace_back();
    node.kind = kind;
    node.file = errors_.reading();
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    if (anchor != YAML::NullAnchor && kind != NodeKind::map && kind != NodeKind::sequence) {
      anchors_[anchor] = &node;
    }
    return node;
  }

  // Puts a node that is complete, or an open container, into the container it stands in.
  void attach(const Node& node, const YAML::Mark& mark) {
    if (open_.empty()) {
      tree_.root = &node;
      return;
    }
    Open& parent = open_.back();
    if (parent.node->is_sequence()) {
      parent.node->entries.push_back({nullptr, &node});
    } else if (parent.key == nullptr) {
      if (node.kind == NodeKind::null) refuse(mark, "null is no key: quote it if it is a name");
      if (!node.is_scalar())
        refuse(mark, fmt::format("a key is a text, not {}", name_of(node.kind)));
      if (node.text == "<<") refuse(mark, "merge keys (<<) are not supported: write the keys out");
      parent.key = &node;
    } else {
      parent.node->entries.push_back({parent.key, &node});
      parent.key = nullptr;
    }
  }

  void open(const YAML::Mark& mark, NodeKind kind, const std::string& tag, YAML::anchor_t anchor) {
    if (open_.size() >= limits::kConfigDepth) {
      refuse(mark, fmt::format("nested deeper than {} levels", limits::kConfigDepth));
    }
    const std::size_t before = count_;
    Node& node = make(mark, kind, tag, anchor);
    attach(node, mark);
    open_.push_back({&node, nullptr, anchor, before});
  }

  // Only now may an alias refer to it: a container cannot contain itself.
  void close() {
    const Open& closed = open_.back();
    closed.node->weight = count_ - closed.count_before;
    if (closed.anchor != YAML::NullAnchor) anchors_[closed.anchor] = closed.node;
    open_.pop_back();
  }

  // Reports each key that is there already and keeps the first, so that no section is read twice.
  void drop_duplicates(Node& map) {
    constexpr std::size_t kFew = 16;  // compared one by one; a table pays off only above
    std::unordered_map<std::string_view, const Node*> seen;
    std::size_t kept = 0;
    for (const Entry entry : map.entries) {
      const Node* key = entry.key;
      const Node* first = map.entries.size() <= kFew ? key_among(map, kept, key->text)
                                                     : seen.emplace(key->text, key).first->second;
      if (first == nullptr || first == key) {
        map.entries[kept++] = entry;
        continue;
      }
      errors_.add(key->line, key->column,
                  fmt::format("duplicate key '{}', first at line {}: remove one of them",
                              printable(key->text), first->line));
    }
    map.entries.resize(kept);
  }

  static const Node* key_among(const Node& map, std::size_t count, std::string_view text) {
    for (std::size_t i = 0; i < count; ++i) {
      if (map.entries[i].key->text == text) return map.entries[i].key;
    }
    return nullptr;
  }

  Tree& tree_;
  ErrorList& errors_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, const Node*> anchors_;
  std::size_t count_ = 0;
};

}  // namespace

std::string_view name_of(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::scalar:
      return "a text";
    case NodeKind::sequence:
      return "a list";
    case NodeKind::map:
      return "a map";
  }
  return {};
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key != nullptr && entry.key->text == key) return entry.value;
  }
  return nullptr;
}

Tree parse_tree(std::string_view text, ErrorList& errors) {
  Tree tree;
  if (text.size() > limits::kConfigBytes) {
    errors.add(0, 0, fmt::format("larger than {} bytes", limits::kConfigBytes));
    return tree;
  }
  if (!check_plain_text(text, errors)) return tree;
  TreeBuilder builder(tree, errors);
  try {
    std::ispanstream stream{std::span<const char>(text.data(), text.size())};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    tree.root = nullptr;
    errors.add(refusal.mark.line + 1, refusal.mark.column + 1, refusal.msg);
  } catch (const YAML::Exception& error) {
    tree.root = nullptr;
    errors.add(error.mark.line + 1, error.mark.column + 1, words_of(error));
  }
  return tree;
}

}  // namespace weir::config
