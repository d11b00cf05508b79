// What a route does besides forwarding to a cluster: redirect, respond, and the rewriting of paths.
// Called by route_section.cc.
// Never lets a value through that could break a Location or a response head.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <weir/limits.h>

#include "config/http_values.h"
#include "config/keys.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr std::array<int, 5> kRedirectStatuses = {301, 302, 303, 307, 308};

void read_redirect_to(Reader& reader, const Node& node, Redirect& redirect) {
  read_as(reader, node, redirect.to, parse_redirect_target);
}

void read_redirect_status(Reader& reader, const Node& node, Redirect& redirect) {
  int status = redirect.status;
  read_integer(reader, node, status, 300, 399);
  if (std::find(kRedirectStatuses.begin(), kRedirectStatuses.end(), status) ==
      kRedirectStatuses.end()) {
    reader.error(node, fmt::format("{} is no redirect: 301, 302, 303, 307 or 308", status));
    return;
  }
  redirect.status = status;
}

void read_redirect_scheme(Reader& reader, const Node& node, Redirect& redirect) {
  std::string scheme;
  read(reader, node, scheme);
  redirect.https = true;
  if (scheme != "https") reader.error(node, "the only scheme to redirect to is https");
}

constexpr Key<Redirect> kRedirectKeys[] = {
    {"to", read_redirect_to},
    {"scheme", read_redirect_scheme},
    key_between<&Redirect::port, 1, 65535>("port"),
    {"status", read_redirect_status},
};

void read_body(Reader& reader, const Node& node, Respond& respond) {
  read_as(reader, node, respond.body, [](std::string_view text) -> Parsed<std::string> {
    if (text.size() > limits::kRespondBodyBytes) {
      return std::unexpected(fmt::format("a body of {} bytes: at most {}", text.size(),
                                         format_size(limits::kRespondBodyBytes)));
    }
    return std::string(text);
  });
}

void read_content_type(Reader& reader, const Node& node, Respond& respond) {
  read_as(reader, node, respond.content_type, parse_field_value);
}

constexpr Key<Respond> kRespondKeys[] = {
    key_between<&Respond::status, 200, 599>("status"),
    {"body", read_body},
    {"content_type", read_content_type},
};

void read_rewrite_prefix(Reader& reader, const Node& node, Rewrite& rewrite) {
  read_as(reader, node, rewrite.prefix, parse_path);
}
void read_rewrite_regex(Reader& reader, const Node& node, Rewrite& rewrite) {
  read_as(reader, node, rewrite.regex, parse_regex);
}
void read_rewrite_replace(Reader& reader, const Node& node, Rewrite& rewrite) {
  read_as(reader, node, rewrite.replace, parse_replacement);
}

constexpr Key<Rewrite> kRewriteKeys[] = {
    {"prefix", read_rewrite_prefix},
    {"regex", read_rewrite_regex},
    {"replace", read_rewrite_replace},
};

}  // namespace

void read_redirect(Reader& reader, const Node& node, Route& route) {
  if (node.is_scalar()) return read_redirect_scheme(reader, node, route.redirect);
  read_section(reader, node, route.redirect, kRedirectKeys);
  if (!node.is_map()) return;
  const Node* scheme = node.find("scheme");
  const Node* port = node.find("port");
  const bool to = node.find("to") != nullptr;
  if (!to && scheme == nullptr) {
    reader.error(node,
                 "a redirect needs `to`, such as https://shop.example.com/, or `scheme: https`");
  } else if (to && scheme != nullptr) {
    reader.error(*scheme, "`to` has a scheme already: keep one of them");
  } else if (to && port != nullptr) {
    reader.error(*port, "`port` belongs to `scheme: https`: write it into `to`");
  }
}

void read_respond(Reader& reader, const Node& node, Route& route) {
  read_section(reader, node, route.respond, kRespondKeys);
  const int status = route.respond.status;
  if (!route.respond.body.empty() && (status == 204 || status == 205 || status == 304)) {
    reader.error(node, fmt::format("a {} response has no body: remove it", status));
  }
}

void read_rewrite(Reader& reader, const Node& node, Route& route) {
  Rewrite& rewrite = route.rewrite;
  read_section(reader, node, rewrite, kRewriteKeys);
  if (!node.is_map()) return;
  const bool regex = node.find("regex") != nullptr, replace = node.find("replace") != nullptr;
  const bool prefix = node.find("prefix") != nullptr;
  if (prefix == (regex || replace)) {
    reader.error(node, "a rewrite is either `prefix`, or `regex` with `replace`");
  } else if (regex != replace) {
    reader.error(node, regex ? "`regex` needs `replace`, what the match becomes"
                             : "`replace` needs `regex`, what it replaces");
  }
  const std::string fault = replacement_fault(rewrite.regex, rewrite.replace);
  if (!fault.empty() && regex && replace) reader.error(*node.find("replace"), fault);
}

void list_redirect(KeyList& out, const std::string& path) {
  list_keys<kRedirectKeys>(out, path);
}
void list_respond(KeyList& out, const std::string& path) {
  list_keys<kRespondKeys>(out, path);
}
void list_rewrite(KeyList& out, const std::string& path) {
  list_keys<kRewriteKeys>(out, path);
}

}  // namespace weir::config
