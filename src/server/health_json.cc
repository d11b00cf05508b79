// Times are the wall's: those of ejections are kept by the monotonic clock and turned here.
#include "server/health_json.h"

#include <nlohmann/json.hpp>

#include "server/json_parts.h"
#include "server/wall_time.h"

namespace weir::server {
namespace {

std::string_view word_of(ProbeResult::Kind kind) {
  switch (kind) {
    case ProbeResult::Kind::success:
      return "success";
    case ProbeResult::Kind::timeout:
      return "timeout";
    default:
      return "failure";
  }
}

Json check_json(const EndpointCheck::Last& last) {
  Json json = {{"result", word_of(last.result.kind)},
               {"at", rfc3339(last.at_wall_ms)},
               {"duration_ms", last.took_ms}};
  if (!last.result.cause.empty()) json["cause"] = last.result.cause;
  return json;
}

}  // namespace

void add_health(Json& json, const EndpointHealth* health, const Endpoint& endpoint,
                const Clock& clock) {
  const EndpointCheck* check = health == nullptr ? nullptr : health->check_of(endpoint);
  json["takes_requests"] = endpoint.takes_requests();
  json["health"] = name_of(check == nullptr ? Health::unknown : check->health());
  if (check != nullptr && check->last().any) json["last_check"] = check_json(check->last());
  json["ejected"] = endpoint.ejected();
  json["ejections"] = endpoint.conduct().ejections();
  if (endpoint.ejected()) {
    const std::uint64_t now_ms = clock.mono_ns() / 1'000'000;
    json["ejected_until"] =
        rfc3339(clock.wall_ms() + endpoint.conduct().ejected_until_ms() - now_ms);
  }
  if (endpoint.share() < Endpoint::kWholeShare) {
    json["share_percent"] = endpoint.share() * 100 / Endpoint::kWholeShare;
  }
}

}  // namespace weir::server
