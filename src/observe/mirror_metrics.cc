// Names and help texts of the mirror series; docs/observability.md lists them.
#include "observe/mirror_metrics.h"

namespace weir::observe {

MirrorSeries mirror_series(Registry& registry, std::string_view route, std::string_view cluster) {
  const Label its_route{"route", route};
  const Label its_cluster{"cluster", cluster};
  MirrorSeries series;
  // No final answer is 1xx; its cell stays where nothing is counted.
  for (std::size_t i = 1; i < kMirrorOutcomes; ++i) {
    series.requests[i] =
        registry.counter("weir_mirror_requests_total", "Copies of requests by what became of them.",
                         {its_route, its_cluster, {"outcome", kMirrorOutcomeNames[i]}});
  }
  for (std::size_t i = 0; i < kMirrorDrops; ++i) {
    series.dropped[i] = registry.counter("weir_mirror_dropped_total",
                                         "Copies that were sampled and not sent, and why.",
                                         {its_route, its_cluster, {"reason", kMirrorDropNames[i]}});
  }
  series.duration =
      registry.histogram("weir_mirror_duration_seconds",
                         "From sending a copy to the end of its answer.", {its_route, its_cluster});
  return series;
}

std::uint64_t total_sent(const Registry& registry, const MirrorSeries& series) {
  std::uint64_t total = 0;
  for (std::size_t i = 1; i < kMirrorOutcomes; ++i) total += registry.total(series.requests[i]);
  return total;
}

std::uint64_t total_dropped(const Registry& registry, const MirrorSeries& series) {
  std::uint64_t total = 0;
  for (const CounterId id : series.dropped) total += registry.total(id);
  return total;
}

}  // namespace weir::observe
