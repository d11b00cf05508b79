// Names and help texts of the split series; docs/observability.md lists them.
#include "observe/split_metrics.h"

namespace weir::observe {
namespace {

constexpr VariantReason kAssigning[] = {VariantReason::weight, VariantReason::no_key,
                                        VariantReason::forced};

}  // namespace

VariantSeries variant_series(Registry& registry, std::string_view route, std::string_view variant) {
  const Label its_route{"route", route};
  const Label its_variant{"variant", variant};
  VariantSeries series;
  for (const VariantReason reason : kAssigning) {
    series.assigned[static_cast<std::size_t>(reason)] = registry.counter(
        "weir_split_assigned_total", "Requests by the variant they were assigned to, and why.",
        {its_route, its_variant, {"reason", name_of(reason)}});
  }
  series.failovers = registry.counter(
      "weir_failovers_total",
      "Requests assigned to a variant without an endpoint and sent to the stable one.",
      {its_route, its_variant});
  series.rescues = registry.counter("weir_rescues_total",
                                    "Requests that a variant failed and the stable one was given.",
                                    {its_route, its_variant});
  series.rescues_refused = registry.counter("weir_rescues_refused_total",
                                            "Requests not rescued because the budget was spent.",
                                            {its_route, its_variant});
  return series;
}

OverrideSeries override_series(Registry& registry, std::string_view route) {
  const auto ignored = [&](std::string_view reason) {
    return registry.counter("weir_override_ignored_total",
                            "Testers' overrides that did not count: a wrong secret (or none, from "
                            "outside the source range), or the name of no variant.",
                            {{"route", route}, {"reason", reason}});
  };
  return {.ignored_secret = ignored("secret"), .ignored_value = ignored("value")};
}

void count(Cells& cells, const VariantSeries& assigned, const OverrideSeries& overrides,
           const SplitTrail& trail) {
  cells.add(assigned.assigned[static_cast<std::size_t>(trail.assigned_for)]);
  if (trail.failed_over) cells.add(assigned.failovers);
  if (trail.rescued) cells.add(assigned.rescues);
  if (trail.rescue_refused) cells.add(assigned.rescues_refused);
  if (trail.wrong_secret) cells.add(overrides.ignored_secret);
  if (trail.unknown_override) cells.add(overrides.ignored_value);
}

std::uint64_t assignments(const Registry& registry, const VariantSeries& series) {
  const auto total = [&](VariantReason reason) {
    return registry.total(series.assigned[static_cast<std::size_t>(reason)]);
  };
  return total(VariantReason::weight) + total(VariantReason::no_key);
}

}  // namespace weir::observe
