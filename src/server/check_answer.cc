// Statuses, texts and gRPC's word for it, each with the reason that people are told.
#include "server/check_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/grpc.h"
#include "server/grpc_health.h"

namespace weir::server {
namespace {

bool is_expected(const config::HealthCheck& check, int status) {
  return std::ranges::any_of(check.expect, [&](const config::StatusRange& range) {
    return range.low <= status && status <= range.high;
  });
}

// For the log and the admin API, which escape what cannot be printed.
std::string words_of_call(const config::HealthCheck& check, int status, std::string_view message) {
  constexpr std::size_t kMessageMost = 200;
  switch (static_cast<GrpcStatus>(status)) {
    case GrpcStatus::not_found:
      return fmt::format("the service '{}' is not known there (gRPC status 5)", check.service);
    case GrpcStatus::unimplemented:
      return "it has no grpc.health.v1.Health (gRPC status 12)";
    default:
      return fmt::format("gRPC status {}{}{}", status, message.empty() ? "" : ": ",
                         message.substr(0, kMessageMost));
  }
}

}  // namespace

ProbeResult failed_probe(std::string cause) {
  return {.kind = ProbeResult::Kind::failure, .cause = std::move(cause)};
}

void CheckAnswer::begin(const CheckPlan& plan) {
  plan_ = &plan;
  interim_answers_ = 0;
  body_.clear();
}

void CheckAnswer::end() {
  head_.shrink(0);
  body_ = {};
  plan_ = nullptr;
}

std::optional<ProbeResult> CheckAnswer::take(const http::ParseStep& step) {
  if (step.head && head_.interim() && !step.error) return take_interim();
  if (step.head) {
    if (auto result = judge_head()) return result;
  }
  for (const std::string_view run : step.content) {
    body_.append(run.substr(0, limits::kCheckBodyBytes - body_.size()));
  }
  if (step.error) return failed_probe(std::string(words_of(step.error.code)));
  if (!step.complete && body_.size() < limits::kCheckBodyBytes) return {};
  return judge_whole();
}

std::optional<ProbeResult> CheckAnswer::take_interim() {
  if (head_.status() != 101 && ++interim_answers_ <= limits::kInterimResponses) return {};
  return failed_probe(fmt::format("status {} instead of an answer", head_.status()));
}

// Where that is enough, the rest is not waited for.
std::optional<ProbeResult> CheckAnswer::judge_head() const {
  const config::HealthCheck& check = plan_->settings;
  if (check.kind == config::CheckKind::grpc) {
    if (head_.status() == 200) return {};
    return failed_probe(fmt::format("status {} instead of a gRPC answer", head_.status()));
  }
  if (!is_expected(check, head_.status())) {
    return failed_probe(fmt::format("status {}, expected {}", head_.status(), plan_->expected));
  }
  if (check.body_match == config::BodyMatch::any) return ProbeResult{};
  return {};
}

ProbeResult CheckAnswer::judge_whole() const {
  return plan_->settings.kind == config::CheckKind::grpc ? judge_call() : judge_body();
}

ProbeResult CheckAnswer::judge_body() const {
  const bool matches = plan_->pattern ? plan_->pattern->matches(body_)
                                      : body_.find(plan_->settings.body) != std::string::npos;
  if (matches) return {};
  return failed_probe(fmt::format("status {}, but not the body that is expected", head_.status()));
}

ProbeResult CheckAnswer::judge_call() const {
  const std::optional<int> status = http::grpc_status_of(head_);
  if (!status) return failed_probe("an answer without a gRPC status");
  if (*status != static_cast<int>(GrpcStatus::ok)) {
    return failed_probe(words_of_call(plan_->settings, *status, http::grpc_message_of(head_)));
  }
  const std::optional<ServingStatus> serving = read_health_response(body_);
  if (!serving) return failed_probe("an answer that is no HealthCheckResponse");
  if (*serving == ServingStatus::serving) return {};
  return failed_probe("the service is " + name_of(*serving));
}

}  // namespace weir::server
