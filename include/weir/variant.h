// Why a request went to the variant it went to: one word, the same in the access log, the metrics,
// the admin API and weir explain. Decided by traffic/ (the first three) and proxy/.
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

enum class VariantReason : std::uint8_t {
  none,      // the route has no split
  weight,    // the key's point against the weights
  no_key,    // the request has no key: random, or stable
  forced,    // a tester's override
  failover,  // the assigned variant had no endpoint
  rescue,    // the assigned variant failed the request
};
inline constexpr std::size_t kVariantReasons = 6;

constexpr std::string_view name_of(VariantReason reason) {
  constexpr std::string_view kNames[kVariantReasons] = {"",         "weight",   "no_key",
                                                        "override", "failover", "rescue"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace weir
