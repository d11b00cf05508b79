// The arithmetic of growing shares.
#include "server/slow_starts.h"

#include <algorithm>

namespace weir::server {

void SlowStarts::before_return(const std::shared_ptr<Endpoint>& endpoint, config::Millis over,
                               net::TimeMs now) {
  if (!endpoint->takes_requests()) begin(endpoint, over, now);
}

void SlowStarts::begin(const std::shared_ptr<Endpoint>& endpoint, config::Millis over,
                       net::TimeMs now) {
  if (over.count() == 0) return;
  std::erase_if(starts_, [&](const Start& start) { return start.endpoint == endpoint; });
  endpoint->set_share(1);
  starts_.push_back({endpoint, now, static_cast<net::TimeMs>(over.count())});
}

void SlowStarts::tick(net::TimeMs now) {
  for (const Start& start : starts_) {
    const net::TimeMs tenths = (now - start.began) * Endpoint::kWholeShare / start.over;
    const auto share = std::min<net::TimeMs>(tenths + 1, Endpoint::kWholeShare);
    start.endpoint->set_share(static_cast<std::uint32_t>(share));
  }
  std::erase_if(
      starts_, [](const Start& start) { return start.endpoint->share() == Endpoint::kWholeShare; });
}

}  // namespace weir::server
