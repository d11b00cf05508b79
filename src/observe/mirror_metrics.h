// The series of a mirror: what became of its copies, how long answers took, and why copies were
// dropped. Named by the server while it builds a snapshot, counted by the worker that copied.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <weir/mirror.h>

#include "observe/metrics.h"

namespace weir::observe {

struct MirrorSeries {
  std::array<CounterId, kMirrorOutcomes> requests;  // by MirrorOutcome
  std::array<CounterId, kMirrorDrops> dropped;      // by MirrorDrop
  HistogramId duration;

  CounterId of(MirrorOutcome outcome) const { return requests[static_cast<std::size_t>(outcome)]; }
  CounterId of(MirrorDrop drop) const { return dropped[static_cast<std::size_t>(drop)]; }
};

MirrorSeries mirror_series(Registry& registry, std::string_view route, std::string_view cluster);

std::uint64_t total_sent(const Registry& registry, const MirrorSeries& series);
std::uint64_t total_dropped(const Registry& registry, const MirrorSeries& series);

}  // namespace weir::observe
