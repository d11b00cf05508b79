// One route's split: who gets which variant, decided once per request, in this order: a tester's
// override, the key's point against the weights, and without a key chance (or the stable variant,
// unless its weight is 0). Compiled once per snapshot, immutable and shared by all workers; asked
// by proxy/ before balancing and by weir explain. Pure but for the random numbers it is lent; never
// allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <weir/address.h>
#include <weir/config.h>
#include <weir/variant.h>

#include "base/random.h"
#include "traffic/override.h"
#include "traffic/request_view.h"
#include "traffic/split_key.h"
#include "traffic/split_weights.h"
#include "traffic/splitter.h"

namespace weir::traffic {

inline constexpr std::size_t kNoKey = static_cast<std::size_t>(-1);

struct SplitChoice {
  std::size_t variant = 0;
  VariantReason reason = VariantReason::none;
  // Of the key; without a key, of chance. Mirrors by key go by the same one.
  Point point = 0;
  std::size_t key = kNoKey;  // which place of the key list had it
  OverrideVerdict override_verdict = OverrideVerdict::absent;
  // The user has no id yet: this one was made, is the key already, and is to be given to them.
  std::optional<IssuedId> issued;

  bool has_key() const { return key != kNoKey; }
};

class Split {
 public:
  // `settings` outlives this. The salt is the file's, else the route's name.
  Split(const config::Split& settings, std::string_view route_name);

  SplitChoice choose(const RequestView& request, const IpAddress& client, const Weights& weights,
                     Random& random) const;

  // Where a key stands on this split's ring.
  Point point_of(std::string_view key) const;

  const config::Split& settings() const { return settings_; }
  const Splitter& splitter() const { return splitter_; }
  std::size_t size() const { return splitter_.size(); }
  Weights file_weights() const;

 private:
  void find_point(const RequestView& request, const IpAddress& client, Random& random,
                  SplitChoice& choice) const;

  const config::Split& settings_;
  const std::uint64_t seed_;  // of the salt
  const Splitter splitter_;
};

}  // namespace weir::traffic
