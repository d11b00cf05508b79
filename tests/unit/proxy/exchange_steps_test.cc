// The table of legal steps: exactly these, and what follows from them.
#include "proxy/exchange_steps.h"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace weir::proxy {
namespace {

using enum Step;

TEST(ExchangeSteps, TheseAreLegalAndNoOthers) {
  const std::set<std::pair<Step, Step>> expected = {
      {idle, reading},    {reading, deciding},  {reading, idle},        {deciding, leasing},
      {deciding, idle},   {leasing, leasing},   {leasing, sending},     {leasing, awaiting},
      {leasing, idle},    {sending, awaiting},  {sending, relaying},    {sending, leasing},
      {sending, idle},    {awaiting, relaying}, {awaiting, leasing},    {awaiting, idle},
      {relaying, idle},   {leasing, waiting},   {sending, waiting},     {awaiting, waiting},
      {waiting, leasing}, {waiting, idle},      {awaiting, tunnelling}, {tunnelling, idle},
  };
  for (std::size_t from = 0; from < kSteps; ++from) {
    for (std::size_t next = 0; next < kSteps; ++next) {
      const std::pair<Step, Step> step(static_cast<Step>(from), static_cast<Step>(next));
      EXPECT_EQ(legal(step.first, step.second), expected.contains(step)) << from << "->" << next;
    }
  }
}

TEST(ExchangeSteps, EveryStepButIdleMayEnd) {
  for (Step step : {reading, deciding, waiting, leasing, sending, awaiting, relaying, tunnelling})
    EXPECT_TRUE(legal(step, idle));
  EXPECT_FALSE(legal(idle, idle));
}

TEST(ExchangeSteps, NothingIsTriedAgainOnceAResponseGoesOut) {
  for (Step step : {reading, deciding, waiting, leasing, sending, awaiting})
    EXPECT_FALSE(legal(relaying, step) || legal(tunnelling, step));
}

}  // namespace
}  // namespace weir::proxy
