// routes[].match: which requests a route takes.
// Called by route_section.cc.
// Never decides whether one route shadows another; a file's order does.
#include <fmt/format.h>

#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

bool read_listener_name(Reader& reader, const Node& node, std::string& out) {
  if (!read_as(reader, node, out, parse_name)) return false;
  reader.refer(Reference::Kind::listener, node, out);
  return true;
}

// One condition on a header or a query parameter: a text (exact) or keys.
void read_present(Reader& reader, const Node& node, FieldMatch& match) {
  bool present = true;
  read(reader, node, present);
  match.kind = TextMatch::present;
  match.invert = match.invert != !present;
}
void read_invert(Reader& reader, const Node& node, FieldMatch& match) {
  bool invert = false;
  read(reader, node, invert);
  match.invert = match.invert != invert;
}
template <TextMatch Kind>
void read_compared(Reader& reader, const Node& node, FieldMatch& match) {
  match.kind = Kind;
  read_as(reader, node, match.value, Kind == TextMatch::regex ? parse_regex : parse_field_value);
}

constexpr Key<FieldMatch> kConditionKeys[] = {
    {"present", read_present},
    {"exact", read_compared<TextMatch::exact>},
    {"prefix", read_compared<TextMatch::prefix>},
    {"regex", read_compared<TextMatch::regex>},
    {"invert", read_invert},
};
constexpr std::string_view kConditionKinds[] = {"present", "exact", "prefix", "regex"};

void read_condition(Reader& reader, const Entry& entry, FieldMatch& match) {
  const Node& node = *entry.value;
  if (node.is_scalar()) return read_compared<TextMatch::exact>(reader, node, match);
  if (!node.is_map()) {
    reader.error(node, "expected a text, or one of present, exact, prefix, regex");
    return;
  }
  read_section(reader, node, match, kConditionKeys);
  if (count_of(node, kConditionKinds) != 1) {
    reader.error(node, fmt::format("condition on '{}' needs exactly one of present, exact, prefix, "
                                   "regex",
                                   printable(match.name)));
  }
}

void read_header_conditions(Reader& reader, const Node& node, Match& match) {
  if (!reader.expect(node, NodeKind::map)) return;
  for (const Entry& entry : node.entries) {
    FieldMatch& field = match.headers.emplace_back();
    field.name = entry.key->text;
    const Parsed<std::string> name = parse_field_name(field.name);
    if (!name) reader.error(*entry.key, name.error());
    read_condition(reader, entry, field);
  }
}

void read_query_conditions(Reader& reader, const Node& node, Match& match) {
  if (!reader.expect(node, NodeKind::map)) return;
  for (const Entry& entry : node.entries) {
    FieldMatch& field = match.query.emplace_back();
    field.name = entry.key->text;
    const Parsed<std::string> name = parse_parameter_name(field.name);
    if (!name) reader.error(*entry.key, name.error());
    read_condition(reader, entry, field);
  }
}

template <PathMatch Kind>
void read_path(Reader& reader, const Node& node, Match& match) {
  match.path_kind = Kind;
  read_as(reader, node, match.path, Kind == PathMatch::regex ? parse_regex : parse_path);
}

void read_match_listeners(Reader& reader, const Node& node, Match& match) {
  read_list(reader, node, match.listeners, read_listener_name);
}
void read_hosts(Reader& reader, const Node& node, Match& match) {
  read_list_as(reader, node, match.hosts, parse_host_pattern);
}
void read_methods(Reader& reader, const Node& node, Match& match) {
  read_list_as(reader, node, match.methods, parse_method);
}

constexpr Key<Match> kMatchKeys[] = {
    {"listeners", read_match_listeners},
    {"hosts", read_hosts},
    {"path_prefix", read_path<PathMatch::prefix>},
    {"path", read_path<PathMatch::exact>},
    {"path_regex", read_path<PathMatch::regex>},
    {"methods", read_methods},
    {"headers", read_header_conditions, list_named<kConditionKeys>},
    {"query", read_query_conditions, list_named<kConditionKeys>},
};
constexpr std::string_view kPathKeys[] = {"path_prefix", "path", "path_regex"};

}  // namespace

void read_match(Reader& reader, const Node& node, Route& route) {
  read_section(reader, node, route.match, kMatchKeys);
  if (node.is_map() && count_of(node, kPathKeys) > 1) {
    reader.error(node, "more than one of path_prefix, path, path_regex: keep one");
  }
}

void list_match(KeyList& out, const std::string& path) {
  list_keys<kMatchKeys>(out, path);
}

}  // namespace weir::config
