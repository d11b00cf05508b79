// The fields of a check's request in either spelling; gRPC's are those of PROTOCOL-HTTP2.md.
#include "server/check_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "config/quantities.h"
#include "http/grpc.h"
#include "server/grpc_health.h"

namespace weir::server {
namespace {

bool has_field(const config::HealthCheck& check, std::string_view name) {
  return std::ranges::any_of(check.headers, [&](const config::Pair& pair) {
    return ascii::equals_ignoring_case(pair.name, name);
  });
}

std::vector<config::Pair> make_fields(const config::HealthCheck& check) {
  std::vector<config::Pair> fields;
  if (!has_field(check, "User-Agent")) fields.push_back({"User-Agent", "weir-health-check"});
  if (check.kind == config::CheckKind::grpc) {
    fields.push_back({"Content-Type", std::string(http::kGrpcContentType)});
    fields.push_back({"TE", "trailers"});
  } else if (!has_field(check, "Accept")) {
    fields.push_back({"Accept", "*/*"});
  }
  fields.insert(fields.end(), check.headers.begin(), check.headers.end());
  return fields;
}

std::string make_content(const config::HealthCheck& check) {
  return check.kind == config::CheckKind::grpc ? health_request(check.service) : std::string();
}

std::string make_expected(const config::HealthCheck& check) {
  std::vector<std::string> words;
  for (const config::StatusRange& range : check.expect) {
    words.push_back(config::format_status_range(range));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::optional<traffic::Pattern> make_pattern(const config::HealthCheck& check) {
  if (check.body_match != config::BodyMatch::regex) return {};
  auto pattern = traffic::Pattern::compile(fmt::format(".*(?:{}).*", check.body));
  if (!pattern) return {};  // not reached: the file's loader has compiled it
  return std::move(*pattern);
}

std::string host_of(const config::HealthCheck& check, const Endpoint& endpoint) {
  if (!check.host.empty()) return check.host;
  if (endpoint.address().is_unix()) return "localhost";
  // A service has no port in its name, and is no host.
  const bool by_host = endpoint.from().find(':') != std::string::npos;
  return by_host ? endpoint.from() : endpoint.name();
}

std::string_view word_of(http::Method method) {
  switch (method) {
    case http::Method::post:
      return "POST";
    case http::Method::head:
      return "HEAD";
    default:
      return "GET";
  }
}

std::string_view path_of(const config::HealthCheck& check) {
  return check.kind == config::CheckKind::grpc ? kHealthMethod : std::string_view(check.path);
}

}  // namespace

CheckPlan::CheckPlan(const upstream::ClusterSetup& setup)
    : settings(*setup.settings.health_check),
      manner(upstream::Manner::of(setup)),
      fields(make_fields(settings)),
      content(make_content(settings)),
      pattern(make_pattern(settings)),
      expected(make_expected(settings)) {}

http::Method CheckPlan::method() const {
  if (settings.kind == config::CheckKind::grpc) return http::Method::post;
  const bool head = settings.method == config::CheckMethod::head;
  return head ? http::Method::head : http::Method::get;
}

std::string request_text(const CheckPlan& plan, const Endpoint& endpoint) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", word_of(plan.method()),
                  path_of(plan.settings), host_of(plan.settings, endpoint));
  for (const config::Pair& field : plan.fields) {
    text += fmt::format("{}: {}\r\n", field.name, field.value);
  }
  return text + "\r\n";
}

std::vector<http::H2Field> request_fields(const CheckPlan& plan, const Endpoint& endpoint,
                                          std::string& authority) {
  authority = host_of(plan.settings, endpoint);
  std::vector<http::H2Field> fields = {{":method", word_of(plan.method())},
                                       {":scheme", plan.manner.scheme()},
                                       {":authority", authority},
                                       {":path", path_of(plan.settings)}};
  for (const config::Pair& field : plan.fields) fields.push_back({field.name, field.value});
  return fields;
}

}  // namespace weir::server
