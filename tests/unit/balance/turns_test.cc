// The timetable of turns: the exact order, what a retry takes, and how it goes on after changes.
#include "balance/turns.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"

namespace weir::balance {
namespace {

std::vector<Seat> seats_of(const std::vector<std::uint32_t>& weights) {
  std::vector<Seat> seats;
  for (std::uint32_t i = 0; i < weights.size(); ++i) seats.push_back({i, weights[i]});
  return seats;
}

// The next turns as letters, a for position 0.
std::string spell(Turns& turns, std::size_t count, std::uint64_t tried = 0) {
  std::string word;
  for (std::size_t n = 0; n < count; ++n) {
    const std::size_t position = turns.next({.key = 0, .has_key = false, .tried = tried});
    word += position == kNoEndpoint ? '-' : static_cast<char>('a' + position);
  }
  return word;
}

TEST(Turns, SpreadTheHeavyOneAmongTheLight) {
  Turns turns;
  turns.rebuild(seats_of({5, 1, 1}), 3);
  EXPECT_EQ(spell(turns, 14), "aabaacaaabaaca");
}

TEST(Turns, OfEqualWeightsGoRound) {
  Turns turns;
  turns.rebuild(seats_of({4, 4, 4}), 3);
  EXPECT_EQ(spell(turns, 8), "abcabcab");
}

TEST(Turns, OfNobodyAreNoOnes) {
  Turns turns(1);
  EXPECT_EQ(spell(turns, 1), "-");
  turns.rebuild({}, 0);
  EXPECT_EQ(spell(turns, 1), "-");
}

TEST(Turns, ARetryTakesAnothersTurnAndLeavesTheTriedOneItsOwn) {
  Turns turns;
  turns.rebuild(seats_of({1, 1, 1}), 3);
  EXPECT_EQ(spell(turns, 1, 0b001), "b");
  EXPECT_EQ(spell(turns, 4), "acab") << "b had its turn of this cycle already";
  EXPECT_EQ(spell(turns, 1, 0b111), "-");
}

TEST(Turns, GoOnWhereTheyWereAfterARebuild) {
  const auto seats = seats_of({3, 1, 2, 2, 7});
  Turns calm, rebuilt;
  calm.rebuild(seats, seats.size());
  rebuilt.rebuild(seats, seats.size());
  for (int n = 0; n < 200; ++n) {
    ASSERT_EQ(spell(rebuilt, 1), spell(calm, 1)) << n;
    rebuilt.rebuild(seats, seats.size());
  }
}

TEST(Turns, OfThoseWhoStayAreKeptWhenOneLeaves) {
  Turns turns;
  turns.rebuild(seats_of({1, 1, 1, 1}), 4);
  EXPECT_EQ(spell(turns, 2), "ab");
  const std::vector<Seat> without_second{{0, 1}, {2, 1}, {3, 1}};
  turns.rebuild(without_second, 4);
  EXPECT_EQ(spell(turns, 3), "bca") << "letters are positions: third, fourth, first";
}

TEST(Turns, BeginAnywhereByWeight) {
  const auto seats = seats_of({6, 1, 3});
  int first[3] = {};
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Turns turns(seed);
    turns.rebuild(seats, seats.size());
    ++first[turns.next(PickContext{})];
  }
  EXPECT_NEAR(first[0], 12'000, 300);
  EXPECT_NEAR(first[1], 2'000, 200);
  EXPECT_NEAR(first[2], 6'000, 300);
}

TEST(Turns, BeginWithAnyTurnOfTheHeaviest) {
  const auto seats = seats_of({4, 1});
  std::map<std::string, int> beginnings;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    Turns turns(seed);
    turns.rebuild(seats, seats.size());
    ++beginnings[spell(turns, 5)];
  }
  for (const char* word : {"aaaab", "aaaba", "aabaa", "abaaa", "baaaa"}) {
    EXPECT_NEAR(beginnings[word], 2'000, 200) << word;
  }
}

TEST(Turns, AreExactForAnyWeightsAndManyCycles) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint32_t> weights;
    std::size_t cycle = 0;
    for (std::uint32_t i = 0, n = 1 + random.below(20); i < n; ++i) {
      weights.push_back(1 + random.below(50));
      cycle += weights.back();
    }
    Turns turns(random.next());
    turns.rebuild(seats_of(weights), weights.size());
    std::vector<std::uint32_t> counts(weights.size());
    for (std::size_t n = 0; n < 7 * cycle; ++n) ++counts[turns.next(PickContext{})];
    for (std::size_t i = 0; i < weights.size(); ++i) ASSERT_EQ(counts[i], 7 * weights[i]);
  }
}

}  // namespace
}  // namespace weir::balance
