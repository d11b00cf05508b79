// Making the seats and drawing among them; see roster.h. Nothing here knows any algorithm.
#include "balance/roster.h"

#include <algorithm>

namespace weir::balance {
namespace {

// Uniform in [0, total), total > 0. By way of double: totals stay far below 2^53.
std::uint64_t below(Random& random, std::uint64_t total) {
  const auto point = static_cast<std::uint64_t>(random.unit() * static_cast<double>(total));
  return std::min(point, total - 1);
}

}  // namespace

std::vector<Seat> configured_primaries(EndpointSet endpoints) {
  std::vector<Seat> seats;
  seats.reserve(endpoints.size());
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const std::uint32_t weight = endpoints[i]->weight();
    if (!endpoints[i]->backup() && weight > 0) {
      seats.push_back({static_cast<std::uint32_t>(i), weight});
    }
  }
  return seats;
}

void Roster::rebuild(EndpointSet endpoints) {
  // Read before the endpoints are: a change that comes in between is then seen at the next pick.
  changes_ = Endpoint::changes();
  set_size_ = endpoints.size();
  seats_.clear();
  seats_.reserve(endpoints.size());
  seat_all(endpoints, false);
  if (seats_.empty()) seat_all(endpoints, true);
  apply_shares();
  sum_weights();
}

// A tenth of a weight of 1 is no whole number: then all are taken tenfold.
void Roster::apply_shares() {
  const auto partly = [](const Seat& seat) { return seat.share != Endpoint::kWholeShare; };
  warming_ = std::any_of(seats_.begin(), seats_.end(), partly);
  if (!warming_) return;
  for (Seat& seat : seats_) seat.weight *= seat.share;
}

void Roster::sum_weights() {
  cumulative_.clear();
  cumulative_.reserve(seats_.capacity());
  const auto differs = [&](const Seat& seat) { return seat.weight != seats_.front().weight; };
  if (std::none_of(seats_.begin(), seats_.end(), differs)) return;
  std::uint64_t sum = 0;
  for (const Seat& seat : seats_) cumulative_.push_back(sum += seat.weight);
}

void Roster::seat_all(EndpointSet endpoints, bool backups) {
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const Endpoint& endpoint = *endpoints[i];
    if (endpoint.backup() != backups || !endpoint.takes_requests()) continue;
    // Read once: another thread may set it to 0 after takes_requests() said yes.
    const std::uint32_t weight = endpoint.weight();
    const std::uint32_t share =
        shares_ == Shares::follow ? endpoint.share() : Endpoint::kWholeShare;
    if (weight > 0) seats_.push_back({static_cast<std::uint32_t>(i), weight, share});
  }
}

std::size_t Roster::position_from(std::size_t index) const {
  const auto at = std::lower_bound(seats_.begin(), seats_.end(), index,
                                   [](const Seat& seat, std::size_t i) { return seat.index < i; });
  return at == seats_.end() ? 0 : static_cast<std::size_t>(at - seats_.begin());
}

std::size_t Roster::draw(Random& random, const PickContext& context) const {
  if (seats_.empty()) return kNoEndpoint;
  return context.tried == 0 ? draw_any(random) : draw_untried(random, context);
}

std::size_t Roster::draw_any(Random& random) const {
  if (equal_weights()) return random.below(static_cast<std::uint32_t>(seats_.size()));
  const std::uint64_t point = below(random, cumulative_.back());
  const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
  return static_cast<std::size_t>(at - cumulative_.begin());
}

std::size_t Roster::draw_untried(Random& random, const PickContext& context) const {
  std::uint64_t total = 0;
  for (const Seat& seat : seats_) {
    if (!tried(context, seat.index)) total += seat.weight;
  }
  if (total == 0) return kNoEndpoint;
  std::uint64_t point = below(random, total);
  for (std::size_t position = 0; position < seats_.size(); ++position) {
    const Seat& seat = seats_[position];
    if (tried(context, seat.index)) continue;
    if (point < seat.weight) return position;
    point -= seat.weight;
  }
  return kNoEndpoint;  // not reached: the weights add up to more than the point
}

}  // namespace weir::balance
