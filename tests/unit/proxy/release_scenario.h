// A scenario with a release in it: a stable and a candidate cluster behind a split, or a cluster
// with a mirror. Users are told apart by the header X-User; weights decide, so tests say 100/0 or
// 0/100 where they want to know.
#pragma once

#include <string>
#include <string_view>

#include "support/scenario.h"

namespace weir::test {

class ReleaseTest : public ExchangeTest {
 protected:
  // Clusters: origins (10.0.0.x) is the stable one, next (10.0.1.1) the candidate's or the
  // mirror's.
  ReleaseTest() {
    config::Cluster next;
    next.name = "next";
    next.endpoints.push_back({.address = {.host = "10.0.1.1", .port = 80, .unix_path = {}}});
    file.clusters.push_back(next);
  }

  void use_split(std::uint32_t stable, std::uint32_t candidate) {
    route().action = config::ActionKind::split;
    route().cluster.clear();
    route().split.variants = {{.name = "stable", .cluster = "origins", .weight = stable},
                              {.name = "canary", .cluster = "next", .weight = candidate}};
    route().split.key = {{config::KeySource::header, "X-User"}};
  }

  config::Mirror& use_mirror(std::uint64_t percent = 100) {
    config::Mirror mirror;
    mirror.cluster = "next";
    mirror.share = {percent, 100};
    route().mirrors.push_back(mirror);
    return route().mirrors.back();
  }

  Endpoint& candidate_endpoint() {
    return *context().snapshot->shared->clusters[1]->endpoints()[0];
  }

  static constexpr std::string_view kStable = "10.0.0.1:80";
  static constexpr std::string_view kCandidate = "10.0.1.1:80";
};

inline constexpr std::string_view kUserGet =
    "GET /a HTTP/1.1\r\nHost: a.test\r\nX-User: ann\r\n\r\n";
inline constexpr std::string_view kUserPost =
    "POST /a HTTP/1.1\r\nHost: a.test\r\nX-User: ann\r\nContent-Length: 5\r\n\r\nhello";

}  // namespace weir::test
