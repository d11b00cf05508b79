// The series of a split: names and labels that dashboards rest on, and that everything is charged
// to the variant the request was assigned to, whoever served it.
#include "observe/split_metrics.h"

#include <gtest/gtest.h>

#include "fixtures.h"
#include "prometheus_text.h"

namespace weir::observe {
namespace {

class SplitMetrics : public testing::Test {
 protected:
  std::string value(const std::string& sample) {
    std::string out;
    registry.render(out);
    const PrometheusPage read = PrometheusReader::read(out);
    EXPECT_EQ(read.error, "");
    return read.value(sample);
  }
  std::string assigned(const std::string& variant, const std::string& reason) {
    return value("weir_split_assigned_total{reason=\"" + reason + "\",route=\"shop\",variant=\"" +
                 variant + "\"}");
  }
  std::string of(const std::string& name, const std::string& variant) {
    return value(name + "{route=\"shop\",variant=\"" + variant + "\"}");
  }
  std::string ignored(const std::string& reason) {
    return value("weir_override_ignored_total{reason=\"" + reason + "\",route=\"shop\"}");
  }
  void count_for(const VariantSeries& series, const SplitTrail& trail) {
    count(registry.cells(0), series, overrides, trail);
  }

  Registry registry{1};
  VariantSeries stable = variant_series(registry, "shop", "stable");
  VariantSeries canary = variant_series(registry, "shop", "canary");
  OverrideSeries overrides = override_series(registry, "shop");
};

TEST_F(SplitMetrics, AllSeriesAreThereBeforeTheFirstRequest) {
  for (const char* variant : {"stable", "canary"}) {
    for (const char* reason : {"weight", "no_key", "override"}) {
      EXPECT_EQ(assigned(variant, reason), "0") << variant << " " << reason;
    }
    for (const char* never : {"", "failover", "rescue"}) {  // those move no assignment
      EXPECT_EQ(assigned(variant, never), "absent") << variant << " " << never;
    }
    EXPECT_EQ(of("weir_failovers_total", variant), "0");
    EXPECT_EQ(of("weir_rescues_total", variant), "0");
    EXPECT_EQ(of("weir_rescues_refused_total", variant), "0");
  }
  EXPECT_EQ(ignored("secret"), "0");
  EXPECT_EQ(ignored("value"), "0");
}

TEST_F(SplitMetrics, CountsAssignmentsByVariantAndReason) {
  for (int i = 0; i < 5; ++i) count_for(stable, {.assigned_for = VariantReason::weight});
  for (int i = 0; i < 4; ++i) count_for(stable, {.assigned_for = VariantReason::no_key});
  for (int i = 0; i < 3; ++i) count_for(canary, {.assigned_for = VariantReason::weight});
  for (int i = 0; i < 2; ++i) count_for(canary, {.assigned_for = VariantReason::forced});
  EXPECT_EQ(assigned("stable", "weight"), "5");
  EXPECT_EQ(assigned("stable", "no_key"), "4");
  EXPECT_EQ(assigned("stable", "override"), "0");
  EXPECT_EQ(assigned("canary", "weight"), "3");
  EXPECT_EQ(assigned("canary", "no_key"), "0");
  EXPECT_EQ(assigned("canary", "override"), "2");
  EXPECT_EQ(of("weir_failovers_total", "canary"), "0");
  EXPECT_EQ(ignored("secret"), "0");
}

TEST_F(SplitMetrics, ChargesTheAssignedVariantWhoeverServed) {
  SplitTrail trail{.assigned = 1, .served = 0, .assigned_for = VariantReason::weight};
  trail.failed_over = true;
  count_for(canary, trail);
  trail.failed_over = false;
  trail.rescued = true;
  count_for(canary, trail);
  count_for(canary, trail);
  trail.rescued = false;
  trail.rescue_refused = true;
  for (int i = 0; i < 3; ++i) count_for(canary, trail);
  EXPECT_EQ(of("weir_failovers_total", "canary"), "1");
  EXPECT_EQ(of("weir_rescues_total", "canary"), "2");
  EXPECT_EQ(of("weir_rescues_refused_total", "canary"), "3");
  EXPECT_EQ(assigned("canary", "weight"), "6");
  for (const char* name :
       {"weir_failovers_total", "weir_rescues_total", "weir_rescues_refused_total"}) {
    EXPECT_EQ(of(name, "stable"), "0") << name;
  }
  EXPECT_EQ(assigned("stable", "weight"), "0");
}

TEST_F(SplitMetrics, CountsOverridesThatDidNotCountByWhy) {
  count_for(stable, {.assigned_for = VariantReason::weight, .wrong_secret = true});
  count_for(stable, {.assigned_for = VariantReason::weight, .wrong_secret = true});
  count_for(stable, {.assigned_for = VariantReason::no_key, .unknown_override = true});
  EXPECT_EQ(ignored("secret"), "2");
  EXPECT_EQ(ignored("value"), "1");
}

TEST_F(SplitMetrics, AssignmentsAreAllButTesters) {
  count_for(canary, {.assigned_for = VariantReason::weight});
  count_for(canary, {.assigned_for = VariantReason::no_key});
  count_for(canary, {.assigned_for = VariantReason::forced});
  count_for(stable, {.assigned_for = VariantReason::weight});
  EXPECT_EQ(assignments(registry, canary), 2U);
  EXPECT_EQ(assignments(registry, stable), 1U);
}

TEST_F(SplitMetrics, AReloadFindsTheSameSeries) {
  count_for(canary, {.assigned_for = VariantReason::weight});
  const VariantSeries again = variant_series(registry, "shop", "canary");
  EXPECT_EQ(again.assigned, canary.assigned);
  EXPECT_EQ(again.failovers, canary.failovers);
  EXPECT_EQ(assignments(registry, again), 1U);
  EXPECT_EQ(override_series(registry, "shop").ignored_value, overrides.ignored_value);
  EXPECT_NE(variant_series(registry, "other", "canary").rescues, canary.rescues);
}

TEST_F(SplitMetrics, CountingAllocatesNothing) {
  const SplitTrail all{.assigned = 1,
                       .served = 0,
                       .assigned_for = VariantReason::weight,
                       .failed_over = true,
                       .rescued = true,
                       .rescue_refused = true,
                       .wrong_secret = true,
                       .unknown_override = true};
  const std::uint64_t before = allocations();
  for (int i = 0; i < 100; ++i) count_for(canary, all);
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(assigned("canary", "weight"), "100");
}

}  // namespace
}  // namespace weir::observe
