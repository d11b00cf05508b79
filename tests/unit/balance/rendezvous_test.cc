// Weighted rendezvous and the identities it hashes with.
#include "balance/rendezvous.h"

#include <gtest/gtest.h>

#include "balance/identity.h"
#include "support/fleet.h"

namespace weir::balance {
namespace {

using test::Fleet;

Rendezvous rendezvous_of(const Fleet& fleet) {
  Rendezvous rendezvous;
  rendezvous.rebuild(configured_primaries(fleet.set()), endpoint_ids(fleet.set()));
  return rendezvous;
}

TEST(Rendezvous, OfNobodyHasNoWinner) {
  EXPECT_EQ(rendezvous_of(Fleet{}).winner(1, PickContext{}), kNoEndpoint);
}

TEST(Rendezvous, SharesFollowTheWeights) {
  const Rendezvous rendezvous = rendezvous_of(Fleet({1, 2, 7}));
  int counts[3] = {};
  for (std::uint64_t key = 0; key < 100'000; ++key) ++counts[rendezvous.winner(key, PickContext{})];
  EXPECT_NEAR(counts[0], 10'000, 500);
  EXPECT_NEAR(counts[1], 20'000, 500);
  EXPECT_NEAR(counts[2], 70'000, 500);
}

// Equal weights take a shorter way, without logarithms: it must lead to the same endpoint as the
// long way does.
TEST(Rendezvous, OneWeightChangedALittleMovesHardlyAKey) {
  const Rendezvous equal = rendezvous_of(Fleet({60'000, 60'000, 60'000, 60'000}));
  const Rendezvous nearly = rendezvous_of(Fleet({60'000, 60'000, 60'000, 60'001}));
  int moved = 0;
  for (std::uint64_t key = 0; key < 100'000; ++key) {
    if (equal.winner(key, PickContext{}) != nearly.winner(key, PickContext{})) ++moved;
  }
  EXPECT_LE(moved, 3);
}

TEST(Rendezvous, TheTriedOnesAreLeftOut) {
  for (const Fleet& fleet : {Fleet({1, 1, 1}), Fleet({1, 2, 3})}) {
    const Rendezvous rendezvous = rendezvous_of(fleet);
    for (std::uint64_t key = 0; key < 200; ++key) {
      EXPECT_EQ(rendezvous.winner(key, {.key = 0, .has_key = true, .tried = 0b011}), 2U);
      EXPECT_EQ(rendezvous.winner(key, {.key = 0, .has_key = true, .tried = 0b111}), kNoEndpoint);
    }
  }
}

TEST(Identity, FollowsTheNameAndTellsNamesakesApart) {
  Fleet fleet;
  fleet.add("a", 1);
  fleet.add("b", 1);
  fleet.add("a", 1);
  const auto ids = endpoint_ids(fleet.set());
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[0], ids[2]);

  Fleet moved;
  moved.add("b", 9);
  moved.add("a", 9);
  EXPECT_EQ(endpoint_ids(moved.set())[0], ids[1]);
  EXPECT_EQ(endpoint_ids(moved.set())[1], ids[0]);
}

// Clients are pinned by this: a change of the hash or of its use moves them all, so it is to be
// noticed.
TEST(Identity, OfAKnownNameIsWhatItAlwaysWas) {
  Fleet fleet;
  fleet.add("10.0.0.1:8080", 1);
  EXPECT_EQ(endpoint_ids(fleet.set())[0], 0x5a4123d0f66b5c0aU);
}

}  // namespace
}  // namespace weir::balance
