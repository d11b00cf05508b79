// A YAML document as a light tree whose every node knows its place. Built from yaml-cpp's events
// rather than its Node, which is slow, forgets duplicate keys and copies aliases. Read by the
// section readers; never interprets a scalar.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "config/config_error.h"

namespace weir::config {

enum class NodeKind : std::uint8_t { null, scalar, sequence, map };
std::string_view name_of(NodeKind kind);  // with its article, for messages

struct Node;

// An element of a sequence (key is null) or an entry of a map (key is a scalar).
struct Entry {
  const Node* key;
  const Node* value;
};

struct Node {
  NodeKind kind = NodeKind::null;
  FileIndex file = 0;
  int line = 0;  // from 1; of an empty value: its key's
  int column = 0;
  std::string text;            // of a scalar, quotes and escapes resolved, ${} not yet expanded
  std::vector<Entry> entries;  // in file order
  std::size_t weight = 1;      // nodes below and including this one, aliases counted in full

  bool is_map() const { return kind == NodeKind::map; }
  bool is_sequence() const { return kind == NodeKind::sequence; }
  bool is_scalar() const { return kind == NodeKind::scalar; }
  bool is_empty_list() const { return is_sequence() && entries.empty(); }
  // The value of a key of this map, null when it is not there.
  const Node* find(std::string_view key) const;
};

// Owns the nodes of one document. An alias refers to its anchor's node, so a node may be reached by
// several ways.
struct Tree {
  std::deque<Node> nodes;
  const Node* root = nullptr;  // null when the text is empty or not YAML
};

// Parses exactly one document, of the file that `errors` is at, within limits::kConfigBytes,
// kConfigDepth and kConfigNodes. Of duplicate keys the first stays and the others are reported;
// anything else reported leaves root null. Never throws.
Tree parse_tree(std::string_view text, ErrorList& errors);

}  // namespace weir::config
