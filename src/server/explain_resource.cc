// The question as a query and back: one table of names for both ways.
#include "server/explain_resource.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "server/explanation.h"
#include "server/percent.h"
#include "traffic/query.h"

namespace weir::server {
namespace {

struct Parameter {
  std::string_view name;
  std::string ExplainQuestion::* member;
};
constexpr Parameter kParameters[] = {{"method", &ExplainQuestion::method},
                                     {"url", &ExplainQuestion::url},
                                     {"from", &ExplainQuestion::from},
                                     {"listener", &ExplainQuestion::listener}};
constexpr std::string_view kHeader = "header";  // may be repeated

bool take(std::string_view name, std::string value, ExplainQuestion& question) {
  if (name == kHeader) {
    question.headers.push_back(std::move(value));
    return true;
  }
  for (const Parameter& known : kParameters) {
    if (known.name != name) continue;
    question.*known.member = std::move(value);
    return true;
  }
  return false;
}

}  // namespace

AdminAnswer get_explanation(const AdminCall& call) {
  ExplainQuestion question;
  std::string_view query = call.request.query;
  traffic::Parameter parameter;
  while (traffic::next_parameter(query, parameter)) {
    std::string room(parameter.value.size(), '\0');
    std::string value(traffic::decode_query_text(parameter.value, room));
    if (!take(parameter.name, std::move(value), question)) {
      return refuse(400, fmt::format("no parameter '{}': there are method, url, header, from and "
                                     "listener",
                                     parameter.name));
    }
  }
  if (question.method.empty() || question.url.empty())
    return refuse(400, "method and url are needed: /v1/explain?method=GET&url=/path");
  const auto explanation = explain(*call.state.snapshot, question, Scene::running);
  return explanation ? json_answer(print(*explanation)) : refuse(400, explanation.error());
}

std::string explain_target(const ExplainQuestion& question) {
  std::string target = "/v1/explain";
  const auto add = [&](std::string_view name, const std::string& value) {
    target += target.find('?') == std::string::npos ? '?' : '&';
    target.append(name).append("=").append(percent_encoded(value));
  };
  for (const Parameter& parameter : kParameters) {
    const std::string& value = question.*parameter.member;
    if (!value.empty()) add(parameter.name, value);
  }
  for (const std::string& header : question.headers) add(kHeader, header);
  return target;
}

}  // namespace weir::server
