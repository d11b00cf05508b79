// The arguments of weir weight.
#include "cli/weight.h"

#include <gtest/gtest.h>

namespace weir::cli {
namespace {

std::string fault(std::vector<std::string> assignments) {
  const auto read = read_assignments(assignments);
  return read ? "" : read.error();
}

TEST(WeightAssignments, AreReadInTheirOrder) {
  const std::vector<std::string> given = {"canary=5", "stable=0"};
  const auto read = read_assignments(given);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (server::NamedWeights{{"canary", 5}, {"stable", 0}}));
  EXPECT_TRUE(read_assignments({})->empty());
}

TEST(WeightAssignments, WhatIsNoneNamesTheMend) {
  EXPECT_NE(fault({"canary"}).find("write VARIANT=N"), std::string::npos);
  EXPECT_NE(fault({"=5"}).find("write VARIANT=N"), std::string::npos);
  EXPECT_NE(fault({"canary=5", "canary=6"}).find("given twice"), std::string::npos);
  for (const char* weight : {"", "five", "-1", "+1", "5.5", "5%", " 5", "0x5", "4294967296"}) {
    const std::string said = fault({std::string("canary=") + weight});
    EXPECT_NE(said.find("write a whole number"), std::string::npos) << weight;
  }
}

}  // namespace
}  // namespace weir::cli
