// The oracle of the router: walks all routes in file order and reads every condition straight from
// the configuration, with plain strings and no index. It shares nothing with the router but
// normalize_path and RE2. For property tests and the fuzz target.
#pragma once

#include <re2/re2.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>

#include "traffic/path.h"
#include "traffic/request_view.h"

namespace weir::traffic::naive {

struct Answer {
  enum class Kind { matched, no_route, bad_target };
  Kind kind = Kind::no_route;
  std::size_t route = 0;
  std::string path;
  bool operator==(const Answer&) const = default;
};

inline bool full_match(std::string_view text, const std::string& regex) {
  RE2::Options options;
  options.set_encoding(RE2::Options::EncodingLatin1);
  options.set_dot_nl(true);
  return RE2::FullMatch(text, RE2(regex, options));
}

inline std::string lower_host(std::string_view host) {
  std::string text(host);
  if (!text.empty() && text.back() == '.') text.pop_back();
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text.size() > 255 ? std::string() : text;
}

inline bool host_fits(const config::Match& match, std::string_view request_host) {
  if (match.hosts.empty()) return true;
  const std::string host = lower_host(request_host);
  for (const std::string& pattern : match.hosts) {
    if (pattern == "*") return true;
    if (!host.empty() && host == pattern) return true;
    if (pattern.substr(0, 2) != "*.") continue;
    const std::string suffix = pattern.substr(1);
    for (std::size_t at = 1; at < host.size(); ++at) {
      if (host.substr(at) == suffix) return true;
    }
  }
  return false;
}

inline bool path_fits(const config::Match& match, const std::string& path) {
  const std::string& wanted = match.path;
  if (match.path_kind == config::PathMatch::regex) return full_match(path, wanted);
  if (match.path_kind == config::PathMatch::exact) return path == wanted;
  if (wanted.empty() || wanted == "/") return true;
  if (path == wanted) return true;
  const std::string stem = wanted.back() == '/' ? wanted : wanted + "/";
  return path.substr(0, stem.size()) == stem;
}

inline bool value_fits(const config::FieldMatch& match, const std::vector<std::string>& values) {
  bool found = false;
  for (const std::string& value : values) {
    switch (match.kind) {
      case config::TextMatch::present:
        found = true;
        break;
      case config::TextMatch::exact:
        found = found || value == match.value;
        break;
      case config::TextMatch::prefix:
        found = found || value.substr(0, match.value.size()) == match.value;
        break;
      case config::TextMatch::regex:
        found = found || full_match(value, match.value);
        break;
    }
  }
  return found != match.invert;
}

inline std::string decoded(const std::string& text) {
  const std::string digits = "0123456789abcdefABCDEF";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() &&
                        digits.find(text[i + 1]) != std::string::npos &&
                        digits.find(text[i + 2]) != std::string::npos;
    if (escape) {
      out += static_cast<char>(std::strtol(text.substr(i + 1, 2).c_str(), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

inline std::vector<std::string> parameters(std::string_view query, const std::string& name) {
  std::vector<std::string> values;
  std::string rest = std::string(query) + "&";
  for (std::size_t end = rest.find('&'); end != std::string::npos; end = rest.find('&')) {
    const std::string pair = rest.substr(0, end);
    rest = rest.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    if (decoded(pair.substr(0, equals)) != name) continue;
    values.push_back(equals == std::string::npos ? "" : decoded(pair.substr(equals + 1)));
  }
  return values;
}

inline std::vector<std::string> field_values(const FieldSource* fields, const std::string& name) {
  std::vector<std::string> values;
  any_value(fields, name, [&](std::string_view value) {
    values.emplace_back(value);
    return false;
  });
  return values;
}

template <class T>
bool contains_or_empty(const std::vector<T>& items, const T& item) {
  for (const T& each : items) {
    if (each == item) return true;
  }
  return items.empty();
}

inline bool rest_fits(const config::Config& config, const config::Match& match,
                      const RequestView& request) {
  if (!contains_or_empty(match.listeners, config.listeners[request.listener].name)) return false;
  const std::string method(request.method);
  if (!contains_or_empty(match.methods, method) &&
      !(method == "HEAD" && contains_or_empty(match.methods, std::string("GET")))) {
    return false;
  }
  for (const config::FieldMatch& header : match.headers) {
    if (!value_fits(header, field_values(request.fields, header.name))) return false;
  }
  for (const config::FieldMatch& parameter : match.query) {
    if (!value_fits(parameter, parameters(request.query, parameter.name))) return false;
  }
  return true;
}

inline Answer match(const config::Config& config, const RequestView& request) {
  Buffer scratch;
  const std::optional<std::string_view> normal = normalize_path(request.path, scratch);
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    const config::Route& route = config.routes[i];
    if (!host_fits(route.match, request.host)) continue;
    if (!rest_fits(config, route.match, request)) continue;
    if (route.normalize_path && !normal) {
      return {.kind = Answer::Kind::bad_target, .route = 0, .path = {}};
    }
    const std::string path(route.normalize_path ? *normal : request.path);
    if (!path_fits(route.match, path)) continue;
    return {.kind = Answer::Kind::matched, .route = i, .path = path};
  }
  return {};
}

}  // namespace weir::traffic::naive
