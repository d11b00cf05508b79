// Two random endpoints by weight; the one that is expected to answer sooner: its latency times the
// requests it would then have in flight, over its weight. The latency is a moving average that
// rises at once to a slow answer and falls slowly, and that fades while nothing is heard, so that
// an endpoint once slow is tried again, as a new one is at once.
#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <vector>

#include "balance/identity.h"
#include "balance/registry.h"
#include "balance/two_choices.h"

namespace weir::balance {
namespace {

constexpr double kFadeNs = 10e9;  // after this long an estimate counts 1/e

double fading(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns <= from_ns ? 1.0 : std::exp(-static_cast<double>(to_ns - from_ns) / kFadeNs);
}

}  // namespace

class PeakEwma final : public Balancer {
 public:
  explicit PeakEwma(std::uint64_t seed) : random_(seed) {}

  // What is known of an endpoint stays with it wherever it moves in the file.
  void update(EndpointSet endpoints) override {
    std::unordered_map<std::uint64_t, Estimate> known;
    for (std::size_t i = 0; i < ids_.size(); ++i) known.emplace(ids_[i], estimates_[i]);
    ids_ = endpoint_ids(endpoints);
    estimates_.assign(endpoints.size(), Estimate{});
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const auto at = known.find(ids_[i]);
      if (at != known.end()) estimates_[i] = at->second;
    }
    roster_.rebuild(endpoints);
  }

  std::size_t pick(EndpointSet endpoints, const PickContext& context) override {
    if (roster_.refresh(endpoints) && ids_.size() != endpoints.size()) update(endpoints);
    return cheaper_of_two(roster_, random_, context, [&](const Seat& a, const Seat& b) {
      return cost(a, *endpoints[a.index]) < cost(b, *endpoints[b.index]);
    });
  }

  void observe(std::size_t index, std::uint64_t latency_ns, std::uint64_t now_ns) override {
    if (index >= estimates_.size()) return;
    const auto latency = static_cast<double>(latency_ns);
    usual_ns_ = now_ns_ == 0 ? latency : usual_ns_ + (latency - usual_ns_) / 16;
    now_ns_ = std::max(now_ns_, now_ns);
    Estimate& estimate = estimates_[index];
    const double kept = estimate.heard ? fading(estimate.at_ns, now_ns) : 0;
    const double average = estimate.latency_ns * kept + latency * (1 - kept);
    estimate = {.latency_ns = std::max(average, latency), .at_ns = now_ns_, .heard = true};
  }

 private:
  struct Estimate {
    double latency_ns = 0;
    std::uint64_t at_ns = 0;  // of the last observation
    bool heard = false;
  };

  double cost(const Seat& seat, const Endpoint& endpoint) const {
    const Estimate& estimate = estimates_[seat.index];
    const std::uint32_t in_flight = endpoint.in_flight();
    // Nothing known: worth a try while idle, afterwards taken for as good as the others until it
    // answers; a flood on a newcomer that is slow to answer would be the alternative.
    if (!estimate.heard && in_flight == 0) return 0;
    const double latency =
        estimate.heard ? estimate.latency_ns * fading(estimate.at_ns, now_ns_) : usual_ns_;
    return latency * (static_cast<double>(in_flight) + 1) / static_cast<double>(seat.weight);
  }

  Roster roster_;
  Random random_;
  std::vector<std::uint64_t> ids_;
  std::vector<Estimate> estimates_;  // by index
  double usual_ns_ = 1;       // of the cluster; until something was heard, only loads compare
  std::uint64_t now_ns_ = 0;  // the newest observation is the only clock a pick has
};

template <>
Algorithm describe<PeakEwma>() {
  return {.name = {}, .traits = {.by_load = true}, .make = make<PeakEwma>};
}

}  // namespace weir::balance
