// What the endpoints of a cluster are asked when their health is checked, and what of them is
// expected. Made by server/health_checker once for a cluster, read by every check of it. A value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <weir/config.h>
#include <weir/endpoint.h>

#include "http/h2_fields.h"
#include "http/head.h"
#include "traffic/pattern.h"
#include "upstream/cluster.h"
#include "upstream/manner.h"

namespace weir::server {

struct CheckPlan {
  // Of a cluster that has checks.
  explicit CheckPlan(const upstream::ClusterSetup& setup);

  bool is_for(const upstream::ClusterSetup& setup) const {
    return settings == *setup.settings.health_check && manner == upstream::Manner::of(setup);
  }
  http::Method method() const;

  const config::HealthCheck settings;
  const upstream::Manner manner;            // of connecting
  const std::vector<config::Pair> fields;   // of the request, but for Host
  const std::string content;                // of the request
  std::optional<traffic::Pattern> pattern;  // searched for in the content
  const std::string expected;               // "200-399", for people
};

// The request to an endpoint, as HTTP/1.1 has it, and as HTTP/2.
std::string request_text(const CheckPlan& plan, const Endpoint& endpoint);
// `authority` is storage; the fields refer to it and to the plan.
std::vector<http::H2Field> request_fields(const CheckPlan& plan, const Endpoint& endpoint,
                                          std::string& authority);

}  // namespace weir::server
