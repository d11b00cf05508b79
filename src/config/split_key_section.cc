// routes[].split.key: the places where a user's key is looked for, and the cookie for users who
// have none.
// Called by split_section.cc.
// Never lets a place through that no request would ever come to.
#include <fmt/format.h>

#include <algorithm>

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

void read_name(Reader& reader, const Node& node, IssuedCookie& cookie) {
  read_as(reader, node, cookie.name, parse_cookie_name);
}

// Max-Age counts in seconds, and 0 of them would delete the cookie.
void read_max_age(Reader& reader, const Node& node, IssuedCookie& cookie) {
  read_as(reader, node, cookie.max_age, [](std::string_view text) {
    return parse_whole_seconds(text,
                               "a cookie's age is whole seconds, or 0 until the browser closes");
  });
}

void read_path(Reader& reader, const Node& node, IssuedCookie& cookie) {
  read_as(reader, node, cookie.path, parse_cookie_path);
}
void read_domain(Reader& reader, const Node& node, IssuedCookie& cookie) {
  read_as(reader, node, cookie.domain, parse_cookie_domain);
}

constexpr Key<IssuedCookie> kIssuedCookieKeys[] = {
    {"name", read_name},
    {"max_age", read_max_age},
    {"path", read_path},
    {"domain", read_domain},
    key_choice<&IssuedCookie::secure, kSecureCookies>("secure"),
    key<&IssuedCookie::http_only>("http_only"),
    key_choice<&IssuedCookie::same_site, kSameSites>("same_site"),
    key<&IssuedCookie::force>("force"),
};

bool begins_with(std::string_view name, std::string_view prefix) {
  return ascii::equals_ignoring_case(name.substr(0, prefix.size()), prefix);
}

// Browsers drop such cookies without a word, and every request would be a new user's (RFC 6265bis
// sections 4.1.3 and 5.7).
void check_issued_cookie(Reader& reader, const Node& node, const IssuedCookie& cookie) {
  if (cookie.same_site == SameSite::none && cookie.secure == SecureCookie::never) {
    reader.error(node,
                 "browsers refuse same_site: none without Secure: write secure: always, or "
                 "same_site: lax");
  }
  const bool host = begins_with(cookie.name, "__Host-");
  if ((host || begins_with(cookie.name, "__Secure-")) && cookie.secure != SecureCookie::always) {
    reader.error(node, fmt::format("browsers refuse '{}' without Secure: write secure: always, or "
                                   "choose another name",
                                   cookie.name));
  }
  if (host && (cookie.path != "/" || !cookie.domain.empty())) {
    reader.error(node, fmt::format("browsers refuse '{}' with a domain or a path but /: leave both "
                                   "out, or choose another name",
                                   cookie.name));
  }
}

// One element of the list as it is read.
struct KeyPlace {
  SplitKey key;
  IssuedCookie cookie;
  bool valid = false;
};

template <KeySource Source>
void read_named(Reader& reader, const Node& node, KeyPlace& place) {
  place.key.source = Source;
  const auto parse = Source == KeySource::header   ? parse_field_name
                     : Source == KeySource::cookie ? parse_cookie_name
                                                   : parse_parameter_name;
  place.valid = read_as(reader, node, place.key.name, parse);
}

void read_issued_cookie(Reader& reader, const Node& node, KeyPlace& place) {
  place.key.source = KeySource::issued_cookie;
  read_section(reader, node, place.cookie, kIssuedCookieKeys);
  if (node.is_map()) check_issued_cookie(reader, node, place.cookie);
  place.valid = node.is_map();
}

constexpr Key<KeyPlace> kPlaceKeys[] = {
    {"header", read_named<KeySource::header>},
    {"cookie", read_named<KeySource::cookie>},
    {"query", read_named<KeySource::query>},
    {"issued_cookie", read_issued_cookie, list_keys<kIssuedCookieKeys>},
};

constexpr std::string_view kForms =
    "client_ip, issued_cookie, { header: name }, { cookie: name } or { query: name }";

Parsed<KeySource> parse_plain_place(std::string_view text) {
  if (text == "client_ip") return KeySource::client_ip;
  if (text == "issued_cookie") return KeySource::issued_cookie;
  return std::unexpected(fmt::format("'{}' is no key: write {}", printable(text), kForms));
}

void read_place(Reader& reader, const Node& node, KeyPlace& place) {
  if (node.is_scalar()) {
    place.valid = read_as(reader, node, place.key.source, parse_plain_place);
  } else if (node.is_map() && node.entries.size() == 1) {
    read_section(reader, node, place, kPlaceKeys);
  } else {
    reader.error(node, fmt::format("a key is one of {}", kForms));
  }
  // The issued cookie is looked for like any other.
  if (place.key.source == KeySource::issued_cookie) place.key.name = place.cookie.name;
}

// Header names are compared without case, the others as they are.
bool same_place(const SplitKey& a, const SplitKey& b) {
  if (a.source != b.source) return false;
  if (a.source == KeySource::header) return ascii::equals_ignoring_case(a.name, b.name);
  return a.name == b.name || a.source == KeySource::issued_cookie;
}

void check_place(Reader& reader, const Node& node, const std::vector<SplitKey>& before,
                 const SplitKey& key) {
  const std::string_view word = word_of(kKeySources, key.source);
  if (std::ranges::any_of(before, [&](auto& one) { return same_place(one, key); })) {
    const bool named = !key.name.empty() && key.source != KeySource::issued_cookie;
    reader.error(node, fmt::format("{}{}{} is here twice: remove one", word, named ? " " : "",
                                   named ? printable(key.name) : ""));
    return;
  }
  for (const SplitKey& one : before) {
    if (one.source == KeySource::client_ip) {
      reader.warn(node, "never reached, as every request has a client_ip: put client_ip last");
      return;
    }
    if (one.source == KeySource::issued_cookie) {
      reader.warn(node,
                  "never reached, as users without a key are given the issued cookie: put "
                  "issued_cookie last");
      return;
    }
    const bool issued_too = key.source == KeySource::issued_cookie &&
                            one.source == KeySource::cookie && one.name == key.name;
    if (issued_too) {
      reader.error(node, fmt::format("'{}' is a key already, and the issued cookie's name: remove "
                                     "that key, or choose another name",
                                     key.name));
    }
  }
}

}  // namespace

void read_split_key(Reader& reader, const Node& node, Split& split) {
  if (!reader.expect(node, NodeKind::sequence)) return;
  if (node.entries.size() > limits::kSplitKeys) {
    reader.error(node, fmt::format("{} keys are too many: at most {}", node.entries.size(),
                                   limits::kSplitKeys));
    return;
  }
  for (const Entry& entry : node.entries) {
    KeyPlace place;
    read_place(reader, *entry.value, place);
    if (!place.valid) continue;
    check_place(reader, *entry.value, split.key, place.key);
    if (place.key.source == KeySource::issued_cookie) split.issued_cookie = place.cookie;
    split.key.push_back(std::move(place.key));
  }
}

void list_split_key(KeyList& out, const std::string& path) {
  list_elements<kPlaceKeys>(out, path);
}

}  // namespace weir::config
