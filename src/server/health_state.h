// What checks say of one endpoint: unknown until the first result, which decides alone; from then
// on so many results in a row change it. Pure; kept by an EndpointCheck on the supervisor's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include <weir/config.h>

namespace weir::server {

enum class Health : std::uint8_t { unknown, healthy, unhealthy };
std::string_view name_of(Health health);

class HealthState {
 public:
  // `health`: healthy for an endpoint that has served before anybody checked it.
  explicit HealthState(Health health) : health_(health) {}

  Health health() const { return health_; }
  int successes() const { return successes_; }  // in a row, at the end
  int failures() const { return failures_; }
  // To be looked at more often.
  bool failing() const { return failures_ > 0 || health_ == Health::unhealthy; }

  // True when the health has changed.
  bool take(bool success, const config::HealthCheck& settings) {
    const Health before = health_;
    successes_ = success ? successes_ + 1 : 0;
    failures_ = success ? 0 : failures_ + 1;
    const bool first = before == Health::unknown;
    if (success && (first || successes_ >= settings.healthy)) health_ = Health::healthy;
    if (!success && (first || failures_ >= settings.unhealthy)) health_ = Health::unhealthy;
    return health_ != before;
  }

 private:
  Health health_;
  int successes_ = 0;
  int failures_ = 0;
};

}  // namespace weir::server
