// routes[].mirror: copies of a route's requests, sent to clusters whose answers nobody waits for.
// Called by route_section.cc; mirrors to this file's own listeners are seen by mirror_loops.cc.
// Never guesses how much is mirrored: other proxies disagree on it, so people have to say it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>

#include <weir/limits.h>

#include "base/ascii.h"
#include "config/addresses.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr long long kFractionMost = 1'000'000;
constexpr long long kInFlightMost = 1'000'000;

void read_mirror_cluster(Reader& reader, const Node& node, Mirror& mirror) {
  if (read_as(reader, node, mirror.cluster, parse_name)) {
    reader.refer(Reference::Kind::cluster, node, mirror.cluster);
  }
}

void read_percent(Reader& reader, const Node& node, Mirror& mirror) {
  read_as(reader, node, mirror.share, parse_percent);
}

constexpr Key<Fraction> kFractionKeys[] = {
    key_between<&Fraction::numerator, 0, kFractionMost>("numerator"),
    key_between<&Fraction::denominator, 1, kFractionMost>("denominator"),
};

void read_fraction(Reader& reader, const Node& node, Mirror& mirror) {
  Fraction share{.numerator = 0, .denominator = 100};
  read_section(reader, node, share, kFractionKeys);
  if (!node.is_map()) return;
  const Node* numerator = node.find("numerator");
  if (numerator == nullptr) {
    reader.error(node,
                 "the fraction has no numerator: { numerator: 1, denominator: 3 } is a third");
  } else if (share.numerator > share.denominator) {
    reader.error(*numerator, fmt::format("{} of {} is more than there is: at most {}",
                                         share.numerator, share.denominator, share.denominator));
  } else {
    mirror.share = share;
  }
}

// What Weir passes on; no other request comes as far as a mirror.
constexpr std::array<std::string_view, 7> kMirrored = {"GET",   "HEAD",   "POST",   "PUT",
                                                       "PATCH", "DELETE", "OPTIONS"};

Parsed<std::string> parse_mirrored_method(std::string_view text) {
  Parsed<std::string> method = parse_method(text);
  if (method && std::ranges::find(kMirrored, *method) == kMirrored.end()) {
    return std::unexpected(fmt::format(
        "'{}' is never mirrored: Weir passes on GET, HEAD, POST, PUT, PATCH, DELETE and "
        "OPTIONS alone",
        *method));
  }
  return method;
}

void read_mirrored_methods(Reader& reader, const Node& node, Mirror& mirror) {
  read_list_as(reader, node, mirror.methods, parse_mirrored_method);
  if (node.is_empty_list()) {
    reader.error(node,
                 "an empty list mirrors nothing: leave methods out for GET, HEAD and OPTIONS");
  }
}

void read_max_body(Reader& reader, const Node& node, Mirror& mirror) {
  read_as(reader, node, mirror.max_body, [](std::string_view text) -> Parsed<std::uint64_t> {
    Parsed<std::uint64_t> size = parse_size(text);
    if (size && *size > limits::kMirrorBodyMost) {
      return std::unexpected(
          fmt::format("{} is out of range: 0 to {}", text, format_size(limits::kMirrorBodyMost)));
    }
    return size;
  });
}

Parsed<std::uint64_t> parse_held_bytes(std::string_view text) {
  const Parsed<std::uint64_t> size = parse_size(text);
  if (size && *size == 0) {
    return std::unexpected(
        "0 would hold no copy, it does not mean no limit: give a size, or remove "
        "the mirror");
  }
  return size;
}

void read_max_bytes(Reader& reader, const Node& node, Mirror& mirror) {
  read_as(reader, node, mirror.max_bytes, parse_held_bytes);
}

void read_mirror_host(Reader& reader, const Node& node, Mirror& mirror) {
  read_as(reader, node, mirror.host, parse_authority);
}

// A field that a mirror may change on its copies.
Parsed<std::string> parse_mirrored_field(std::string_view text) {
  Parsed<std::string> name = parse_editable_field(text);
  if (!name) return name;
  if (ascii::equals_ignoring_case(*name, "host")) {
    return std::unexpected("a copy's Host is changed with `host`: use host: next.internal");
  }
  if (ascii::equals_ignoring_case(*name, "x-weir-mirror")) {
    return std::unexpected(
        fmt::format("'{}' keeps mirrors from being mirrored: it cannot be set or removed", *name));
  }
  return name;
}

void read_set_headers(Reader& reader, const Node& node, Mirror& mirror) {
  read_fields(reader, node, mirror.set_headers, parse_mirrored_field);
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(
      names, [&](const std::string& one) { return ascii::equals_ignoring_case(one, name); });
}

void read_remove_headers(Reader& reader, const Node& node, Mirror& mirror) {
  std::vector<std::string>& names = mirror.remove_headers;
  read_list(reader, node, names, [&](Reader& r, const Node& element, std::string& out) {
    if (names.size() > limits::kRouteEdits) return false;  // too many, and reported as such
    if (!read_as(r, element, out, parse_mirrored_field)) return false;
    if (!has_name(names, out)) return true;
    r.error(element, fmt::format("'{}' is here twice (case does not count)", out));
    return false;
  });
}

constexpr Key<Mirror> kMirrorKeys[] = {
    {"cluster", read_mirror_cluster},
    {"percent", read_percent},
    {"fraction", read_fraction, list_keys<kFractionKeys>},
    key_choice<&Mirror::by, kMirrorBy>("by"),
    key_choice<&Mirror::when, kMirrorWhen>("when"),
    {"methods", read_mirrored_methods},
    key<&Mirror::timeout>("timeout"),
    key_between<&Mirror::max_in_flight, 1, kInFlightMost>("max_in_flight"),
    {"max_body", read_max_body},
    {"max_bytes", read_max_bytes},
    {"host", read_mirror_host},
    {"set_headers", read_set_headers},
    {"remove_headers", read_remove_headers},
    key<&Mirror::log>("log"),
};

void check_edits(Reader& reader, const Node& node, const Mirror& mirror) {
  const Node *set = node.find("set_headers"), *remove = node.find("remove_headers");
  const std::size_t count =
      (set == nullptr ? 0 : set->entries.size()) + (remove == nullptr ? 0 : remove->entries.size());
  if (count > limits::kRouteEdits) {
    reader.error(
        node, fmt::format("{} header edits are too many: at most {}", count, limits::kRouteEdits));
    return;
  }
  for (const Pair& pair : mirror.set_headers) {
    if (!has_name(mirror.remove_headers, pair.name)) continue;
    reader.error(*remove, fmt::format("'{}' is set and removed: keep one", pair.name));
  }
}

void read_mirror(Reader& reader, const Node& node, Mirror& mirror) {
  mirror.place = reader.place(node);
  read_section(reader, node, mirror, kMirrorKeys);
  if (!node.is_map()) return;
  if (node.find("cluster") == nullptr) {
    reader.error(node, "the mirror has no cluster: name the one that gets the copies");
  }
  const bool percent = node.find("percent") != nullptr, fraction = node.find("fraction") != nullptr;
  if (!percent && !fraction) {
    reader.error(node,
                 "say how much is mirrored: `percent: 100` is everything; or give a "
                 "`fraction`");
  } else if (percent && fraction) {
    reader.error(node, "both `percent` and `fraction`: keep one");
  }
  if (mirror.max_body > mirror.max_bytes) {
    reader.warn(node, fmt::format("max_bytes ({}) is below max_body ({}): a body of that size will "
                                  "never be mirrored",
                                  format_size(mirror.max_bytes), format_size(mirror.max_body)));
  }
  check_edits(reader, node, mirror);
}

bool serves(const Route& route, const std::string& cluster) {
  if (cluster == route.cluster) return true;
  return std::ranges::any_of(route.split.variants,
                             [&](const Variant& variant) { return variant.cluster == cluster; });
}

// Does the route's split look for a key? One that was reported counts.
bool has_key(const Node& route) {
  const Node* split = route.find("split");
  const Node* key = split == nullptr ? nullptr : split->find("key");
  return key != nullptr && !key->is_empty_list();
}

}  // namespace

void read_mirrors(Reader& reader, const Node& node, Route& route) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  if (node.entries.size() > limits::kMirrors) {
    reader.error(node, fmt::format("{} mirrors are too many: at most {} for a route",
                                   node.entries.size(), limits::kMirrors));
    return;
  }
  route.mirrors.resize(node.entries.size());
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    read_mirror(reader, *node.entries[i].value, route.mirrors[i]);
  }
}

void read_mirror_bytes(Reader& reader, const Node& node, Config& config) {
  read_as(reader, node, config.mirror_bytes, parse_held_bytes);
}

void check_mirrors(Reader& reader, const Node& node, const Route& route) {
  std::unordered_map<std::string_view, int> lines;
  for (std::size_t i = 0; i < route.mirrors.size(); ++i) {
    const Mirror& mirror = route.mirrors[i];
    const Node& element = *node.find("mirror")->entries[i].value;
    if (mirror.by == MirrorBy::key && !has_key(node)) {
      reader.error(*element.find("by"),
                   "by: key uses the split's key; a split with one variant will do, or write by: "
                   "request");
    }
    if (mirror.cluster.empty()) continue;  // reported
    const Node& cluster = *element.find("cluster");
    const auto [first, is_new] = lines.emplace(mirror.cluster, mirror.place.line);
    if (!is_new) {
      reader.error(cluster, fmt::format("another mirror of this route sends to '{}', at line {}: "
                                        "remove one",
                                        mirror.cluster, first->second));
    } else if (serves(route, mirror.cluster)) {
      reader.warn(cluster, fmt::format("copies go to the cluster that serves the request too, '{}'",
                                       mirror.cluster));
    }
  }
}

void list_mirrors(KeyList& out, const std::string& path) {
  list_elements<kMirrorKeys>(out, path);
}

}  // namespace weir::config
