// The series of a split's variants: who was assigned what, and what was taken off a variant that
// could not serve. Named by the server while it builds a snapshot, counted by the worker that sees
// an exchange end.
#pragma once

#include <array>
#include <string_view>

#include <weir/variant.h>

#include "observe/exchange_record.h"
#include "observe/metrics.h"

namespace weir::observe {

struct VariantSeries {
  // By VariantReason: weight, no_key and forced; the others are no assignments.
  std::array<CounterId, kVariantReasons> assigned;
  CounterId failovers;
  CounterId rescues;
  CounterId rescues_refused;
};

struct OverrideSeries {
  CounterId ignored_secret;
  CounterId ignored_value;
};

VariantSeries variant_series(Registry& registry, std::string_view route, std::string_view variant);
OverrideSeries override_series(Registry& registry, std::string_view route);

// `assigned` are the series of the variant that the request was assigned to: what went wrong with
// a candidate is charged to it, whoever served.
void count(Cells& cells, const VariantSeries& assigned, const OverrideSeries& overrides,
           const SplitTrail& trail);

// Assignments that say something about the weights: all but testers'.
std::uint64_t assignments(const Registry& registry, const VariantSeries& series);

}  // namespace weir::observe
