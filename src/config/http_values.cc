// The grammar of HTTP's parts, as far as a file can name them (RFC 9110, RFC 3986).
// Called by the section readers after ${} has been expanded, so that a variable cannot bring in
// what a file may not say. Never repairs a value: what is not valid is refused with the mend.
#include "config/http_values.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

#include <weir/address.h>
#include <weir/limits.h>

#include "base/ascii.h"
#include "config/plain_text.h"
#include "config/suggestion.h"

namespace weir::config {
namespace {

constexpr std::array<std::string_view, 9> kMethods = {
    "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"};

// Fields that frame the message or belong to one connection (RFC 9110 section 7.6.1, RFC 9112
// section 6).
constexpr std::array<std::string_view, 9> kFramingFields = {
    "connection",       "content-length", "transfer-encoding", "te", "trailer", "upgrade",
    "proxy-connection", "keep-alive",     "http2-settings"};

bool is_name_char(char c) {
  return ascii::is_alpha(c) || ascii::is_digit(c) || c == '_' || c == '-' || c == '.';
}

// May stand in a request target or a Location as it is: visible ASCII without what URLs leave out
// (RFC 3986 section 2).
bool is_url_char(char c) {
  return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

// Every '%' begins an escape of two hexadecimal digits (RFC 3986 section 2.1).
bool escapes_are_whole(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') continue;
    if (i + 2 >= text.size() || kHex.find(text[i + 1]) == kHex.npos ||
        kHex.find(text[i + 2]) == kHex.npos) {
      return false;
    }
  }
  return true;
}

constexpr std::size_t kHostBytes = 253;  // RFC 1035 section 2.3.4, as text

// As traffic/ compiles them: bytes are Latin-1, so that no header value is outside the alphabet.
const RE2::Options& quiet() {
  static const RE2::Options options = [] {
    RE2::Options out;
    out.set_encoding(RE2::Options::EncodingLatin1);
    out.set_log_errors(false);
    return out;
  }();
  return options;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Parsed<std::string> parse_name(std::string_view text) {
  const bool valid = !text.empty() && (ascii::is_alpha(text[0]) || ascii::is_digit(text[0])) &&
                     std::all_of(text.begin(), text.end(), is_name_char);
  if (!valid) {
    return std::unexpected(fmt::format(
        "'{}' is not a name: letters, digits, '_', '-' and '.', beginning with a letter or digit",
        printable(text)));
  }
  if (text.size() > limits::kNameBytes) {
    return std::unexpected(
        fmt::format("a name has at most {} bytes, this one {}", limits::kNameBytes, text.size()));
  }
  return std::string(text);
}

Parsed<std::string> parse_method(std::string_view text) {
  if (!ascii::is_token(text)) {
    return std::unexpected(fmt::format("'{}' is not a method", printable(text)));
  }
  for (const std::string_view method : kMethods) {
    if (text != method && ascii::equals_ignoring_case(text, method)) {
      return std::unexpected(
          fmt::format("methods are case-sensitive: '{}', did you mean '{}'?", text, method));
    }
  }
  return std::string(text);
}

Parsed<std::string> parse_field_name(std::string_view text) {
  if (!ascii::is_token(text)) {
    return std::unexpected(fmt::format(
        "'{}' is not a header name: letters, digits and any of !#$%&'*+-.^_`|~", printable(text)));
  }
  if (text.size() > limits::kNameBytes) {
    return std::unexpected(
        fmt::format("a name has at most {} bytes, this one {}", limits::kNameBytes, text.size()));
  }
  return std::string(text);
}

Parsed<std::string> parse_field_value(std::string_view text) {
  for (const char c : text) {
    if (ascii::is_control(c) && c != '\t') {
      return std::unexpected(
          fmt::format("'{}' has a control character (0x{:02x}), which a header cannot carry",
                      printable(text), static_cast<unsigned char>(c)));
    }
  }
  if (ascii::trim(text).size() != text.size()) {
    return std::unexpected(
        fmt::format("'{}' begins or ends with white space: remove it", printable(text)));
  }
  return std::string(text);
}

Parsed<std::string> parse_editable_field(std::string_view text) {
  Parsed<std::string> name = parse_field_name(text);
  if (!name) return name;
  const bool framing = std::any_of(kFramingFields.begin(), kFramingFields.end(), [&](auto field) {
    return ascii::equals_ignoring_case(text, field);
  });
  if (framing) {
    return std::unexpected(
        fmt::format("'{}' is decided by the message's framing and cannot be edited", text));
  }
  return name;
}

Parsed<std::string> parse_parameter_name(std::string_view text) {
  if (text.empty() || text.size() > limits::kNameBytes) {
    return std::unexpected(
        fmt::format("a query parameter's name has 1 to {} bytes", limits::kNameBytes));
  }
  return std::string(text);
}

Parsed<std::string> parse_cookie_name(std::string_view text) {
  if (!ascii::is_token(text)) {
    return std::unexpected(
        fmt::format("'{}' is not a cookie's name: letters, digits and any of !#$%&'*+-.^_`|~",
                    printable(text)));
  }
  if (text.size() > limits::kNameBytes) {
    return std::unexpected(
        fmt::format("a name has at most {} bytes, this one {}", limits::kNameBytes, text.size()));
  }
  return std::string(text);
}

Parsed<std::string> parse_cookie_path(std::string_view text) {
  if (text.find(';') != std::string_view::npos) {
    return std::unexpected(
        fmt::format("'{}': a cookie's path ends before ';': write %3B", printable(text)));
  }
  return parse_path(text);
}

bool is_cookie_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\",;\\").find(c) == std::string_view::npos;
  });
}

Parsed<std::string> parse_host_pattern(std::string_view text) {
  if (parse_ip(text)) {
    std::string ip(text);
    std::transform(ip.begin(), ip.end(), ip.begin(), ascii::lower);
    if (text.find(':') != std::string_view::npos && text.front() != '[') {
      return std::unexpected(fmt::format("'{0}': a host writes IPv6 in brackets: \"[{0}]\"", text));
    }
    return ip;
  }
  if (text == "*") return std::unexpected("'*' is every host: leave hosts out");
  if (text.find("://") != std::string_view::npos) {
    return std::unexpected(fmt::format("'{}' is a URL: write the host alone", printable(text)));
  }
  if (text.find(':') != std::string_view::npos) {
    return std::unexpected(fmt::format("'{}': hosts are matched without a port", printable(text)));
  }
  const bool wildcard = text.starts_with("*.");
  const std::string_view rest = wildcard ? text.substr(2) : text;
  const bool valid = !rest.empty() && rest.front() != '.' && rest.back() != '.' &&
                     rest.find("..") == std::string_view::npos && rest.size() <= kHostBytes &&
                     std::all_of(rest.begin(), rest.end(), is_name_char);
  if (!valid) {
    return std::unexpected(fmt::format(
        "'{}' is not a host: write shop.example.com or \"*.example.com\" (no dot at the end)",
        printable(text)));
  }
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii::lower);
  return out;
}

Parsed<std::string> parse_path(std::string_view text) {
  if (!text.starts_with('/')) {
    return std::unexpected(fmt::format("'{}' is not a path: it begins with '/'", printable(text)));
  }
  for (const char c : text) {
    if (c == '?' || c == '#') {
      return std::unexpected(fmt::format(
          "'{}': a path ends before '{}'; match the query with `query`", printable(text), c));
    }
    if (!is_url_char(c)) {
      return std::unexpected(
          fmt::format("'{}' has characters that a path percent-encodes (%20)", printable(text)));
    }
  }
  if (!escapes_are_whole(text)) {
    return std::unexpected(
        fmt::format("'{}' has a '%' that begins no escape: write %25", printable(text)));
  }
  if (text.size() > limits::kTargetBytes)
    return std::unexpected("a path longer than any request's");
  return std::string(text);
}

Parsed<std::string> parse_redirect_target(std::string_view text) {
  const std::string_view rest = text.starts_with("https://")  ? text.substr(8)
                                : text.starts_with("http://") ? text.substr(7)
                                                              : std::string_view();
  const bool absolute =
      !rest.empty() && rest.front() != '/' && rest.front() != '?' && rest.front() != '#';
  const bool path = text.starts_with('/') && !text.starts_with("//");
  if (absolute && rest.substr(0, rest.find_first_of("/?#")).find_first_of("${}%") != rest.npos) {
    return std::unexpected(fmt::format(
        "'{}' has a variable for a host; there are none: name the host, one route for each",
        printable(text)));
  }
  if (!absolute && !path) {
    return std::unexpected(fmt::format(
        "'{}' is not a target: write https://host/, a whole URL or a path that begins with one '/'",
        printable(text)));
  }
  if (!std::all_of(text.begin(), text.end(), is_url_char)) {
    return std::unexpected(
        fmt::format("'{}' has characters that a URL percent-encodes (%20)", printable(text)));
  }
  if (text.size() > limits::kTargetBytes) {
    return std::unexpected(fmt::format("a target has at most {} bytes", limits::kTargetBytes));
  }
  return std::string(text);
}

Parsed<std::string> parse_regex(std::string_view text) {
  if (text.empty()) return std::unexpected("an empty pattern");
  if (text.size() > limits::kRegexBytes) {
    return std::unexpected(fmt::format("a pattern has at most {} bytes", limits::kRegexBytes));
  }
  const RE2 regex(piece(text), quiet());
  if (!regex.ok()) {
    return std::unexpected(fmt::format("'{}' is not a regular expression (RE2): {}",
                                       printable(text), printable(regex.error())));
  }
  return std::string(text);
}

Parsed<std::string> parse_replacement(std::string_view text) {
  const bool valid = std::all_of(
      text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '?' && c != '#'; });
  if (!valid) {
    return std::unexpected(
        fmt::format("'{}' is no part of a path: percent-encode what is not "
                    "visible ASCII, and leave ? and # out",
                    printable(text)));
  }
  if (text.size() > limits::kRegexBytes) {
    return std::unexpected(fmt::format("a replacement has at most {} bytes", limits::kRegexBytes));
  }
  return std::string(text);
}

std::string replacement_fault(std::string_view regex, std::string_view replacement) {
  const RE2 compiled(piece(regex), quiet());
  std::string fault;
  if (!compiled.ok() || compiled.CheckRewriteString(piece(replacement), &fault)) return {};
  return fmt::format("'{}' does not fit the pattern: {}", printable(replacement), printable(fault));
}

}  // namespace weir::config
