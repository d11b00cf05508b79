// Scalars, kinds and unknown keys: the errors that any section can have.
// Called by the section readers through keys.h.
// Never reads a value's meaning; that is quantities.h, addresses.h and http_values.h.
#include "config/reader.h"

#include <fmt/format.h>

#include <weir/limits.h>

#include "config/plain_text.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

std::string_view wanted(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "nothing";
    case NodeKind::scalar:
      return "a single value";
    case NodeKind::sequence:
      return "a list ([a, b] or lines with '- ')";
    case NodeKind::map:
      return "keys (name: value)";
  }
  return {};
}

}  // namespace

std::string line_words(const Place& place, const Place& from) {
  if (place.file == from.file) return fmt::format("line {}", place.line);
  return fmt::format("{}:{}", place.file, place.line);
}

bool Reader::expect(const Node& node, NodeKind kind) {
  if (node.kind == kind) return true;
  if (node.kind == NodeKind::null) {
    error(node, fmt::format("no value: give it {}, or remove the key", wanted(kind)));
  } else {
    error(node, fmt::format("expected {}, found {}", wanted(kind), name_of(node.kind)));
  }
  return false;
}

std::optional<std::string> Reader::text(const Node& node) {
  if (!expect(node, NodeKind::scalar)) return {};
  if (node.text.find('$') == std::string::npos) return node.text;
  auto expanded = expand(node.text, environment_);
  if (!expanded) {
    error(node, std::move(expanded.error()));
    return {};
  }
  expanded_bytes_ += expanded->size();
  if (expanded_bytes_ > limits::kConfigBytes) {
    error(node, fmt::format("the values of variables exceed {} bytes", limits::kConfigBytes));
    return {};
  }
  return std::move(*expanded);
}

void Reader::unknown_key(const Node& key, std::span<const std::string_view> known) {
  if (crowded()) return error(key, {});
  error(key, fmt::format("unknown key '{}'{}", printable(key.text), suggestion(key.text, known)));
}

void Reader::not_yet(const Entry& entry, std::string_view words, std::string_view harmless) {
  const Node& value = *entry.value;
  if (!harmless.empty()) {
    const bool same =
        harmless == "[]" ? value.is_empty_list() : value.is_scalar() && value.text == harmless;
    if (same) return;
  }
  const Node& key = *entry.key;
  if (harmless.empty()) {
    error(key, fmt::format("not yet supported: '{}' ({}); remove it", key.text, words));
  } else {
    error(key, fmt::format("not yet supported: '{}' ({}); remove it, or write {}: {}", key.text,
                           words, key.text, harmless));
  }
}

}  // namespace weir::config
