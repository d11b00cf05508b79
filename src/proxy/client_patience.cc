// Least rates as deadlines.
#include "proxy/client_patience.h"

#include <algorithm>
#include <utility>

#include <weir/limits.h>

namespace weir::proxy {

std::uint64_t least_taken(const config::Listener& settings) {
  const auto period = static_cast<std::uint64_t>(settings.timeouts.write_idle.count());
  return std::max<std::uint64_t>(1, settings.limits.min_response_rate * period / 1000);
}

void ContentPace::count(std::span<const std::string_view> content) {
  for (const std::string_view run : content) bytes_ += run.size();
}

void ContentPace::stop_waiting(net::TimeMs now) {
  if (since_ != 0) waited_ += now - std::exchange(since_, 0);
}

net::TimeMs ContentPace::wait(const config::Listener& settings, bool expects_continue,
                              net::TimeMs now) {
  const auto idle = static_cast<net::TimeMs>(settings.timeouts.body_idle.count());
  const std::uint64_t rate = settings.limits.min_body_rate;
  const bool waits_itself = bytes_ == 0 && expects_continue;
  if (rate == 0 || waits_itself) return idle;
  since_ = now;
  const auto grace = static_cast<net::TimeMs>(limits::kClientRateGrace.count());
  const net::TimeMs earned = grace + bytes_ * 1000 / rate;
  return std::min(idle, earned > waited_ ? earned - waited_ : 0);
}

}  // namespace weir::proxy
