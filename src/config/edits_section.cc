// routes[].headers: fields that are set, added or removed on the way to the origin and back.
// Called by route_section.cc.
// Never lets an edit touch the framing of a message, or a name or value that is none.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_set>

#include "base/ascii.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/sections.h"

namespace weir::config {
namespace {

std::string folded(std::string_view name) {
  std::string out(name);
  std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
  return out;
}

void read_set(Reader& reader, const Node& node, HeaderEdits& edits) {
  read_fields(reader, node, edits.set, parse_editable_field);
}
void read_add(Reader& reader, const Node& node, HeaderEdits& edits) {
  read_fields(reader, node, edits.add, parse_editable_field);
}
void read_remove(Reader& reader, const Node& node, HeaderEdits& edits) {
  read_list_as(reader, node, edits.remove, parse_editable_field);
}

constexpr Key<HeaderEdits> kEditKeys[] = {
    {"set", read_set},
    {"add", read_add},
    {"remove", read_remove},
};

void check_count(Reader& reader, const Node& node, const HeaderEdits& edits) {
  const std::size_t count = edits.set.size() + edits.add.size() + edits.remove.size();
  if (count > limits::kRouteEdits) {
    reader.error(node, fmt::format("{} header edits are too many: at most {} each way", count,
                                   limits::kRouteEdits));
  }
}

// A request has exactly one Host (RFC 9112 section 3.2): it may be replaced, nothing else.
void read_request_edits(Reader& reader, const Node& node, Route& route) {
  read_section(reader, node, route.request_headers, kEditKeys);
  check_count(reader, node, route.request_headers);
  const auto is_host = [](std::string_view name) {
    return ascii::equals_ignoring_case(name, "host");
  };
  for (const std::string_view edit : {"add", "remove"}) {
    const Node* fields = node.find(edit);
    if (fields == nullptr) continue;
    for (const Entry& entry : fields->entries) {
      const Node& name = entry.key != nullptr ? *entry.key : *entry.value;
      if (!is_host(name.text)) continue;
      reader.error(name, "a request has exactly one Host: it can be set, not added or removed");
    }
  }
}

// It is told in seconds, and 0 of them make browsers forget.
void read_hsts_age(Reader& reader, const Node& node, Hsts& hsts) {
  read_as(reader, node, hsts.max_age, [](std::string_view text) {
    return parse_whole_seconds(text, "browsers are told whole seconds, or 0 to forget it");
  });
}

constexpr Key<Hsts> kHstsKeys[] = {
    {"max_age", read_hsts_age},
    key<&Hsts::include_subdomains>("include_subdomains"),
    key<&Hsts::preload>("preload"),
};

// Who asks for a place in browsers' lists promises what those want (hstspreload.org).
void read_hsts(Reader& reader, const Node& node, Route& route) {
  Hsts& hsts = route.hsts.emplace();
  read_section(reader, node, hsts, kHstsKeys);
  if (!hsts.preload || (hsts.include_subdomains && hsts.max_age >= limits::kHstsAge)) return;
  reader.error(*node.find("preload"),
               "browsers' lists want include_subdomains: true and a max_age of 365d at least");
}

template <void (*Read)(Reader&, const Node&, HeaderEdits&)>
void read_response_edit(Reader& reader, const Node& node, Route& route) {
  Read(reader, node, route.response_headers);
}

constexpr Key<Route> kResponseKeys[] = {
    {"set", read_response_edit<read_set>},
    {"add", read_response_edit<read_add>},
    {"remove", read_response_edit<read_remove>},
    key_choice<&Route::response_preset, kHeaderPresets>("preset"),
    {"hsts", read_hsts, list_keys<kHstsKeys>},
};

void read_response_edits(Reader& reader, const Node& node, Route& route) {
  read_section(reader, node, route, kResponseKeys);
  check_count(reader, node, route.response_headers);
}

constexpr Key<Route> kDirectionKeys[] = {
    {"request", read_request_edits, list_keys<kEditKeys>},
    {"response", read_response_edits, list_keys<kResponseKeys>},
};

}  // namespace

void read_fields(Reader& reader, const Node& node, std::vector<Pair>& out,
                 Parsed<std::string> (*parse)(std::string_view)) {
  if (!reader.expect(node, NodeKind::map)) return;
  std::unordered_set<std::string> seen;
  for (const Entry& entry : node.entries) {
    Pair pair{entry.key->text, {}};
    const Parsed<std::string> name = parse(pair.name);
    if (!name) {
      reader.error(*entry.key, name.error());
      continue;
    }
    if (!seen.insert(folded(pair.name)).second) {
      reader.error(*entry.key, fmt::format("'{}' is here twice (case does not count)", pair.name));
    }
    if (read_as(reader, *entry.value, pair.value, parse_field_value))
      out.push_back(std::move(pair));
  }
}

void read_edits(Reader& reader, const Node& node, Route& route) {
  read_section(reader, node, route, kDirectionKeys);
}

// There is no request to edit and nothing to remove; some fields are decided elsewhere.
void check_own_headers(Reader& reader, const Node& node) {
  constexpr std::array<std::string_view, 3> kDecided = {"content-type", "date", "location"};
  refuse_idle_keys(reader, node, std::array<std::string_view, 1>{"request"});
  const Node* response = node.find("response");
  if (response == nullptr) return;
  refuse_idle_keys(reader, *response, std::array<std::string_view, 1>{"remove"});
  for (const std::string_view edit : {"set", "add"}) {
    const Node* fields = response->find(edit);
    if (fields == nullptr || !fields->is_map()) continue;
    for (const Entry& field : fields->entries) {
      if (std::ranges::find(kDecided, folded(field.key->text)) == kDecided.end()) continue;
      reader.error(*field.key, fmt::format("'{}' of an own answer is decided by the route's "
                                           "`respond` or `redirect`",
                                           field.key->text));
    }
  }
}

void list_edits(KeyList& out, const std::string& path) {
  list_keys<kDirectionKeys>(out, path);
}

}  // namespace weir::config
