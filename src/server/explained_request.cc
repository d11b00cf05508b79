// From a question to a parsed head, in the order in which proxy/exchange.cc treats one.
#include "server/explained_request.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/ascii.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"

namespace weir::server {
namespace {

constexpr std::string_view kHost = "Host";
constexpr std::string_view kHttps = "https";

struct Url {
  std::string_view scheme;     // empty in a mere path
  std::string_view authority;  // the same
  std::string target;
};

Url split_url(std::string_view url) {
  Url parts;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    parts.scheme = url.substr(0, scheme);
    url.remove_prefix(scheme + 3);
    const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
    parts.authority = url.substr(0, end);
    url.remove_prefix(end);
  }
  url = url.substr(0, url.find('#'));
  parts.target = url;
  if (url.empty() || url.front() == '?') parts.target.insert(0, "/");
  return parts;
}

bool is_url(std::string_view url) {
  return url.starts_with('/') || url == "*" || url.starts_with("http://") ||
         url.starts_with("https://");
}

// A line end in it would make another header, or another request.
bool has_control_bytes(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return ascii::is_control(c) && c != '\t'; });
}

// The message a client would send. Without any host it is one of HTTP/1.0, which needs none.
std::string compose(const ExplainQuestion& question) {
  const Url url = split_url(question.url);
  std::string fields;
  bool has_host = false;
  for (std::string_view header : question.headers) {
    const std::size_t colon = header.find(':');
    const std::string_view name = header.substr(0, colon);
    has_host = has_host || ascii::equals_ignoring_case(name, kHost);
    fields += fmt::format("{}: {}\r\n", name, ascii::trim(header.substr(colon + 1)));
  }
  if (!has_host && !url.authority.empty()) {
    fields.insert(0, fmt::format("{}: {}\r\n", kHost, url.authority));
    has_host = true;
  }
  return fmt::format("{} {} HTTP/1.{}\r\n{}\r\n", question.method, url.target, has_host ? 1 : 0,
                     fields);
}

// 0 where none is written that makes sense.
std::uint16_t port_of(const Url& url) {
  std::uint16_t port = url.scheme == kHttps ? 443 : 80;
  const std::size_t colon = url.authority.rfind(':');
  if (colon == std::string_view::npos || url.authority.ends_with(']')) return port;
  const std::string_view digits = url.authority.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  return std::from_chars(digits.data(), end, port).ptr == end ? port : std::uint16_t{0};
}

// The first of those that such a URL fits best: its scheme counts, and its port even more.
const proxy::ListenerPlan* listener_for(const proxy::Snapshot& snapshot, std::string_view url) {
  const Url parts = split_url(url);
  if (parts.scheme.empty()) return &snapshot.listeners.front();
  const auto fit = [&, port = port_of(parts)](const proxy::ListenerPlan& listener) {
    const config::Listener& settings = *listener.settings;
    const bool same_port = !settings.address.is_unix() && settings.address.port == port;
    return (same_port ? 2 : 0) + (settings.tls.has_value() == (parts.scheme == kHttps) ? 1 : 0);
  };
  return &*std::ranges::max_element(snapshot.listeners, {}, fit);
}

const proxy::ListenerPlan* find_listener(const proxy::Snapshot& snapshot,
                                         const ExplainQuestion& question) {
  if (question.listener.empty()) return listener_for(snapshot, question.url);
  for (const proxy::ListenerPlan& listener : snapshot.listeners) {
    if (listener.settings->name == question.listener) return &listener;
  }
  return nullptr;
}

}  // namespace

std::string fault_of(const ExplainQuestion& question) {
  if (question.method.empty()) return "a method is needed, for example GET";
  if (has_control_bytes(question.method) || has_control_bytes(question.url))
    return "the method or the URL holds control characters";
  if (!is_url(question.url)) {
    return fmt::format("'{}' is no URL: did you mean http://{}?", question.url, question.url);
  }
  for (const std::string& header : question.headers) {
    const std::size_t colon = header.find(':');
    if (colon == std::string::npos || colon == 0 || has_control_bytes(header))
      return fmt::format("'{}' is no header: write 'Name: value'", header);
  }
  if (!question.from.empty() && !parse_ip(question.from))
    return "'" + question.from + "' is no IP address to come from";
  return {};
}

std::string ExplainedRequest::take(const ExplainQuestion& question,
                                   const proxy::Snapshot& snapshot) {
  if (std::string fault = fault_of(question); !fault.empty()) return fault;
  listener = find_listener(snapshot, question);
  if (listener == nullptr) return "no listener '" + question.listener + "'";
  const auto peer = question.from.empty() ? std::nullopt : parse_ip(question.from);
  read(compose(question));
  if (refused) return {};
  if (peer) client = http::client_address(head, *peer, listener->trusted);
  if (!http::must_answer_here(head)) {
    http::drop_request_fields(head, peer && listener->trusts(*peer));
  }
  return {};
}

void ExplainedRequest::read(std::string_view bytes) {
  http::H1RequestParser parser;
  parser.reset(head, listener->head_limits, listener->underscores);
  for (;;) {
    const http::ParseStep step = parser.feed(bytes);
    bytes.remove_prefix(step.consumed);
    if (step.error) refused = step.error;
    if (step.error || step.head) return;
    if (bytes.empty() || step.consumed == 0) break;
  }
  refused = {Errc::malformed_request};
}

}  // namespace weir::server
