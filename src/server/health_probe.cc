// The check itself. Every way ends in finish(), with the stream closed before anybody is told.
#include "server/health_probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "config/quantities.h"

namespace weir::server {
namespace {

// A deadline that is met so late was not missed by the endpoint: the supervisor was busy (resolving
// names), or the machine slept.
constexpr net::TimeMs kStalledMs = 250;
// The wheel's own granularity aside, the check's deadline comes first.
constexpr std::chrono::milliseconds kConnectSlack{1000};

bool has_field(const config::HealthCheck& check, std::string_view name) {
  return std::ranges::any_of(check.headers, [&](const config::Pair& pair) {
    return ascii::equals_ignoring_case(pair.name, name);
  });
}

std::string make_fields(const config::HealthCheck& check) {
  std::string fields = "Connection: close\r\n";
  if (!has_field(check, "User-Agent")) fields += "User-Agent: weir-health-check\r\n";
  if (!has_field(check, "Accept")) fields += "Accept: */*\r\n";
  for (const config::Pair& pair : check.headers) {
    fields += fmt::format("{}: {}\r\n", pair.name, pair.value);
  }
  return fields;
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

bool is_expected(const config::HealthCheck& check, int status) {
  return std::ranges::any_of(check.expect, [&](const config::StatusRange& range) {
    return range.low <= status && status <= range.high;
  });
}

std::string host_of(const config::HealthCheck& check, const Endpoint& endpoint) {
  if (!check.host.empty()) return check.host;
  if (endpoint.address().is_unix()) return "localhost";
  // A service has no port in its name, and is no host.
  const bool by_host = endpoint.from().find(':') != std::string::npos;
  return by_host ? endpoint.from() : endpoint.name();
}

}  // namespace

CheckPlan::CheckPlan(const upstream::ClusterSetup& setup)
    : settings(*setup.settings.health_check),
      manner(upstream::Manner::of(setup)),
      fields(make_fields(settings)),
      pattern(make_pattern(settings)),
      expected(make_expected(settings)) {}

HealthProbe::HealthProbe(net::Connector& connector, net::TimerWheel& wheel, net::TlsEngine* tls,
                         ProbeEvents& events)
    : connector_(connector),
      wheel_(wheel),
      tls_(tls),
      events_(events),
      deadline_([](void* owner) { static_cast<HealthProbe*>(owner)->on_deadline(); }, this) {}

void HealthProbe::begin(const CheckPlan& plan, const Endpoint& endpoint) {
  plan_ = &plan;
  endpoint_ = &endpoint;
  interim_answers_ = 0;
  const auto timeout = plan.settings.timeout;
  due_ = wheel_.now() + static_cast<net::TimeMs>(timeout.count());
  wheel_.arm(deadline_, due_);
  SocketAddress address = endpoint.address();
  if (plan.settings.port != 0) address.port = plan.settings.port;
  // A check speaks for nobody.
  ticket_ = net::connect(connector_, address, timeout + kConnectSlack,
                         plan.manner.setup_for(endpoint, {}), {&wheel_, tls_}, *this);
}

void HealthProbe::cancel() {
  deadline_.cancel();
  ticket_.reset();
  stream_.reset();
  head_.shrink(0);
  body_ = {};
  plan_ = nullptr;
}

void HealthProbe::on_connected(net::StreamPtr stream) {
  stream_ = std::move(stream);
  if (plan_->settings.kind == config::CheckKind::tcp) {
    finish(ProbeResult::Kind::success, {});
  } else {
    ask();
  }
}

void HealthProbe::on_connect_failed(Error error) {
  fail(std::string(words_of(error.code)));
}

void HealthProbe::ask() {
  const bool head = plan_->settings.method == config::CheckMethod::head;
  await_answer();
  stream_->start(*this);
  const std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", head ? "HEAD" : "GET",
                  plan_->settings.path, host_of(plan_->settings, *endpoint_), plan_->fields);
  // A failed write is left to the end or reset that follows it, or to the deadline.
  (void)stream_->write(request);
}

void HealthProbe::await_answer() {
  const bool head = plan_->settings.method == config::CheckMethod::head;
  parser_.reset(head_, head ? http::Method::head : http::Method::get, http::HeadLimits{});
}

void HealthProbe::on_read(std::string_view bytes) {
  while (!bytes.empty()) {
    const http::ParseStep step = parser_.feed(bytes);
    bytes.remove_prefix(step.consumed);
    if (!take(step)) return;
  }
}

// False: there is a result.
bool HealthProbe::take(const http::ParseStep& step) {
  if (step.head && head_.interim() && !step.error) {
    if (head_.status() == 101 || ++interim_answers_ > limits::kInterimResponses) {
      fail(fmt::format("status {} instead of an answer", head_.status()));
      return false;
    }
    await_answer();
    return true;
  }
  const bool wants_body = plan_->settings.body_match != config::BodyMatch::any;
  if (step.head && !is_expected(plan_->settings, head_.status())) {
    fail(fmt::format("status {}, expected {}", head_.status(), plan_->expected));
    return false;
  }
  if (step.head && !wants_body) {
    finish(ProbeResult::Kind::success, {});
    return false;
  }
  for (const std::string_view run : step.content) {
    body_.append(run.substr(0, limits::kCheckBodyBytes - body_.size()));
  }
  if (step.error) {
    fail(std::string(words_of(step.error.code)));
    return false;
  }
  if (!step.complete && body_.size() < limits::kCheckBodyBytes) return true;
  judge_body();
  return false;
}

void HealthProbe::judge_body() {
  const bool matches = plan_->pattern ? plan_->pattern->matches(body_)
                                      : body_.find(plan_->settings.body) != std::string::npos;
  if (matches) {
    finish(ProbeResult::Kind::success, {});
  } else {
    fail(fmt::format("status {}, but not the body that is expected", head_.status()));
  }
}

void HealthProbe::on_end() {
  if (parser_.end_of_stream()) {
    judge_body();
  } else {
    fail("the endpoint closed the connection before its answer was complete");
  }
}

void HealthProbe::on_reset(Error) {
  fail("the endpoint reset the connection before its answer was complete");
}

void HealthProbe::on_deadline() {
  if (wheel_.now() >= due_ + kStalledMs) {
    finish(ProbeResult::Kind::stalled, "this process was held up");
    return;
  }
  finish(ProbeResult::Kind::timeout,
         fmt::format("{} within {} ms", stream_ ? "no answer" : "no connection",
                     plan_->settings.timeout.count()));
}

void HealthProbe::fail(std::string cause) {
  finish(ProbeResult::Kind::failure, std::move(cause));
}

void HealthProbe::finish(ProbeResult::Kind kind, std::string cause) {
  const ProbeResult result{.kind = kind, .cause = std::move(cause)};
  cancel();
  events_.on_probe_result(result);
}

}  // namespace weir::server
