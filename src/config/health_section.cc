// clusters.NAME.health_check and clusters.NAME.outlier: how endpoints are asked whether they are
// well, and what is made of how they answer requests.
// Called by cluster_section.cc.
// Never takes a check that could not tell a good endpoint from a dead one.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/ascii.h"
#include "config/addresses.h"
#include "config/choices.h"
#include "config/http_values.h"
#include "config/keys.h"
#include "config/plain_text.h"
#include "config/sections.h"

namespace weir::config {
namespace {

constexpr int kRowMost = 100;  // results in a row
constexpr int kPortMost = 65535;

// A path and perhaps a query, as a request's target has them.
Parsed<std::string> parse_check_path(std::string_view text) {
  const std::size_t question = text.find('?');
  Parsed<std::string> path = parse_path(text.substr(0, question));
  if (!path || question == text.npos) return path;
  const std::string_view query = text.substr(question);
  const bool sound =
      std::ranges::all_of(query, [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
  if (!sound) {
    return std::unexpected(
        fmt::format("'{}' cannot be in a request: write it percent-encoded", printable(query)));
  }
  return std::string(text);
}

void read_check_path(Reader& reader, const Node& node, HealthCheck& check) {
  read_as(reader, node, check.path, parse_check_path);
}

void read_tcp(Reader& reader, const Node& node, HealthCheck& check) {
  bool tcp = false;
  read(reader, node, tcp);
  if (tcp) check.kind = CheckKind::tcp;
}

// Any text, as gRPC's health service has it.
void read_service_name(Reader& reader, const Node& node, HealthCheck& check) {
  read(reader, node, check.service);
  if (check.service.size() > limits::kNameBytes) {
    reader.error(node, fmt::format("{} bytes are too many for a service's name: at most {}",
                                   check.service.size(), limits::kNameBytes));
  }
}

constexpr Key<HealthCheck> kGrpcKeys[] = {
    {"service", read_service_name},
};

void read_grpc(Reader& reader, const Node& node, HealthCheck& check) {
  check.kind = CheckKind::grpc;
  read_section(reader, node, check, kGrpcKeys);
}

void read_check_host(Reader& reader, const Node& node, HealthCheck& check) {
  read_as(reader, node, check.host, parse_authority);
}

Parsed<std::string> parse_check_field(std::string_view text) {
  if (ascii::equals_ignoring_case(text, "host")) {
    return std::unexpected("a check's Host is given with `host`: use host: app.internal");
  }
  return parse_editable_field(text);
}

void read_check_headers(Reader& reader, const Node& node, HealthCheck& check) {
  read_fields(reader, node, check.headers, parse_check_field);
  if (check.headers.size() > limits::kCheckHeaders) {
    reader.error(node, fmt::format("{} headers are too many: at most {}", check.headers.size(),
                                   limits::kCheckHeaders));
  }
}

Parsed<StatusRange> parse_status_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const Parsed<long long> low = parse_integer(text.substr(0, dash), 200, 599);
  const Parsed<long long> high =
      dash == text.npos ? low : parse_integer(text.substr(dash + 1), 200, 599);
  if (!low || !high) {
    return std::unexpected(fmt::format(
        "'{}' is neither a status nor a range of them: write 200 or 200-399, from 200 to 599",
        printable(text)));
  }
  if (*low > *high) {
    return std::unexpected(fmt::format("'{}' is the wrong way round: {}-{}", text, *high, *low));
  }
  return StatusRange{static_cast<int>(*low), static_cast<int>(*high)};
}

void read_expect(Reader& reader, const Node& node, HealthCheck& check) {
  read_list_as(reader, node, check.expect, parse_status_range);
  if (node.is_empty_list()) {
    reader.error(node, "an empty list expects nothing: leave expect out for 200-399");
  } else if (node.entries.size() > limits::kStatusRanges) {
    reader.error(node, fmt::format("{} entries are too many: at most {}", node.entries.size(),
                                   limits::kStatusRanges));
  }
}

template <BodyMatch Kind>
void read_body_match(Reader& reader, const Node& node, HealthCheck& check) {
  check.body_match = Kind;
  if (Kind == BodyMatch::regex) {
    read_as(reader, node, check.body, parse_regex);
    return;
  }
  read(reader, node, check.body);
  if (check.body.size() > limits::kRegexBytes) {
    reader.error(node, fmt::format("{} bytes are too many to look for: at most {}",
                                   check.body.size(), limits::kRegexBytes));
  }
}

constexpr Key<HealthCheck> kBodyKeys[] = {
    {"contains", read_body_match<BodyMatch::contains>},
    {"regex", read_body_match<BodyMatch::regex>},
};

void read_check_body(Reader& reader, const Node& node, HealthCheck& check) {
  read_section(reader, node, check, kBodyKeys);
  if (node.is_map() && node.entries.size() != 1) {
    reader.error(node, "say what the body has: { contains: text } or { regex: pattern }");
  }
}

template <auto Member>
constexpr Key<HealthCheck> key_interval(std::string_view name) {
  return {name, [](Reader& reader, const Node& node, HealthCheck& check) {
            read_duration(reader, node, check.*Member, limits::kCheckIntervalLeast);
          }};
}

constexpr Key<HealthCheck> kCheckKeys[] = {
    {"path", read_check_path},
    {"tcp", read_tcp},
    {"grpc", read_grpc, list_keys<kGrpcKeys>},
    key_choice<&HealthCheck::method, kCheckMethods>("method"),
    {"host", read_check_host},
    {"headers", read_check_headers},
    {"expect", read_expect},
    {"body", read_check_body, list_keys<kBodyKeys>},
    key_between<&HealthCheck::port, 1, kPortMost>("port"),
    key_interval<&HealthCheck::interval>("interval"),
    key_interval<&HealthCheck::unhealthy_interval>("unhealthy_interval"),
    key<&HealthCheck::timeout>("timeout"),
    key_between<&HealthCheck::healthy, 1, kRowMost>("healthy"),
    key_between<&HealthCheck::unhealthy, 1, kRowMost>("unhealthy"),
    key_from_zero<&HealthCheck::grace>("grace"),
};

// Half the interval, but no flood of checks on an endpoint that is in trouble anyway.
Millis usual_unhealthy_interval(Millis interval) {
  return std::min(interval, std::max(interval / 2, Millis(500)));
}

// Keys that mean nothing to a check of this kind.
void refuse_keys(Reader& reader, const Node& node, std::span<const std::string_view> keys,
                 std::string_view why, std::string_view kind) {
  for (const std::string_view key : keys) {
    const Node* value = node.find(key);
    if (value == nullptr) continue;
    reader.error(*value, fmt::format("{}: remove {}, or {}", why, key, kind));
  }
}

void check_http(Reader& reader, const Node& node, const HealthCheck& check) {
  if (node.find("path") == nullptr) {
    reader.error(node, "say what is checked: path: /healthz, grpc: {} or tcp: true");
    return;
  }
  const Node* body = node.find("body");
  if (body != nullptr && check.method == CheckMethod::head) {
    reader.error(*body, "an answer to HEAD has no body: use method: GET");
  }
}

void refuse_content_type(Reader& reader, const Node* headers) {
  if (headers == nullptr) return;
  for (const Entry& entry : headers->entries) {
    if (entry.key != nullptr && ascii::equals_ignoring_case(entry.key->text, "content-type")) {
      reader.error(*entry.key, "a gRPC check's Content-Type is fixed: remove it");
    }
  }
}

void check_kind(Reader& reader, const Node& node, const HealthCheck& check) {
  constexpr std::string_view kNotOfTcp[] = {"path",    "grpc",   "method", "host",
                                            "headers", "expect", "body"};
  constexpr std::string_view kNotOfGrpc[] = {"path", "tcp", "method", "expect", "body"};
  switch (check.kind) {
    case CheckKind::http:
      return check_http(reader, node, check);
    case CheckKind::tcp:
      return refuse_keys(reader, node, kNotOfTcp, "tcp: true asks nothing but a connection", "tcp");
    case CheckKind::grpc:
      refuse_keys(reader, node, kNotOfGrpc, "grpc asks a service of its own, whose answer is fixed",
                  "grpc");
      return refuse_content_type(reader, node.find("headers"));
  }
}

constexpr Key<SuccessRate> kRateKeys[] = {
    key_between<&SuccessRate::min_requests, 1, kAnyCount>("min_requests"),
    key_between<&SuccessRate::below_percent, 1, 100>("below_percent"),
};

void read_success_rate(Reader& reader, const Node& node, Outlier& outlier) {
  if (is_off(node)) {
    outlier.success_rate.reset();
    return;
  }
  read_section(reader, node, outlier.success_rate.emplace(), kRateKeys);
}

constexpr Key<Outlier> kOutlierKeys[] = {
    key_between<&Outlier::consecutive_failures, 0, kAnyCount>("consecutive_failures"),
    {"success_rate", read_success_rate, list_keys<kRateKeys>},
    key<&Outlier::interval>("interval"),
    key<&Outlier::ejection>("ejection"),
    key<&Outlier::max_ejection>("max_ejection"),
    key_between<&Outlier::max_ejected_percent, 0, 100>("max_ejected_percent"),
};

}  // namespace

void read_health_check(Reader& reader, const Node& node, Cluster& cluster) {
  HealthCheck& check = cluster.health_check.emplace();
  read_section(reader, node, check, kCheckKeys);
  if (!node.is_map()) return;
  if (node.find("unhealthy_interval") == nullptr) {
    check.unhealthy_interval = usual_unhealthy_interval(check.interval);
  }
  check_kind(reader, node, check);
}

void check_health_check(Reader& reader, const Node& node, const Cluster& cluster) {
  if (!cluster.health_check || cluster.health_check->kind != CheckKind::grpc) return;
  if (cluster.protocol == UpstreamProtocol::http2) return;
  const Node* check = node.find("health_check");
  reader.error(*check->find("grpc"),
               "a gRPC check needs HTTP/2: give the cluster protocol: http2, or check it with path "
               "or tcp");
}

void list_health_check(KeyList& out, const std::string& path) {
  list_keys<kCheckKeys>(out, path);
}

void read_outlier(Reader& reader, const Node& node, Cluster& cluster) {
  if (is_off(node)) {
    cluster.outlier.enabled = false;
    return;
  }
  if (!node.is_map()) {
    reader.error(node, "expected keys or off: write outlier: off, or outlier: { ejection: 10s }");
    return;
  }
  Outlier& outlier = cluster.outlier;
  read_section(reader, node, outlier, kOutlierKeys);
  if (outlier.max_ejection < outlier.ejection) {
    const Node* most = node.find("max_ejection");
    if (most == nullptr) {
      outlier.max_ejection = outlier.ejection;
    } else {
      reader.error(*most, "max_ejection is below ejection: raise it, or lower ejection");
    }
  }
}

void list_outlier(KeyList& out, const std::string& path) {
  list_keys<kOutlierKeys>(out, path);
}

}  // namespace weir::config
