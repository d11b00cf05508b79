// What is said of an endpoint's health: that it is well, or what keeps it out.
#include "cli/endpoint_text.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace weir::cli {
namespace {

using Json = nlohmann::ordered_json;

TEST(HealthText, NamesWhatKeepsAnEndpointOut) {
  EXPECT_EQ(health_text({{"healthy", true}}), "healthy");
  EXPECT_EQ(health_text({{"healthy", true}, {"ejected", false}}), "healthy");
  EXPECT_EQ(health_text({{"healthy", false}}), "unhealthy");
  EXPECT_EQ(health_text({{"healthy", false}, {"last_check", {{"cause", "status 500"}}}}),
            "unhealthy (status 500)");
  EXPECT_EQ(
      health_text(
          {{"healthy", true}, {"ejected", true}, {"ejected_until", "2026-11-23T02:32:06.017Z"}}),
      "ejected until 2026-11-23T02:32:06.017Z");
}

TEST(HealthText, ACheckThatFailsIsSaidBeforeAnEjection) {
  EXPECT_EQ(health_text({{"healthy", false},
                         {"last_check", {{"cause", "status 500"}}},
                         {"ejected", true},
                         {"ejected_until", "2026-11-23T02:32:06.017Z"}}),
            "unhealthy (status 500)");
}

}  // namespace
}  // namespace weir::cli
