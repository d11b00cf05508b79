// The weights of all splits while the process runs, and who changed them: what an operator set at
// run time outlives a snapshot whose file still says the same. On the supervisor's thread; workers
// read the SplitWeights inside.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <weir/config.h>

#include "server/change.h"
#include "traffic/split_weights.h"

namespace weir::server {

using NamedWeights = std::vector<std::pair<std::string, std::uint32_t>>;  // by variant, file order

using WeightChange = Change<NamedWeights>;

// "stable 95 -> 50, canary 5 -> 50"; what did not change stands without an arrow. Both in the same
// order.
std::string words_of_change(const NamedWeights& from, const NamedWeights& to);

class LiveSplits {
 public:
  // The weights for a route of a new snapshot: those in force when the file's variants and weights
  // are as before, else the file's.
  std::shared_ptr<traffic::SplitWeights> offer(const config::Route& route) const;
  // The snapshot with those weights is in force.
  void adopt(const config::Route& route, std::shared_ptr<traffic::SplitWeights> weights);

  struct Refusal {
    enum class Kind : std::uint8_t { no_split, bad_weights };
    Kind kind;
    std::string message;  // with the mend
  };
  // Changes weights, all at once for every worker; variants that are not named keep theirs.
  // `route` is of the snapshot in force. In force when it returns.
  std::expected<WeightChange, Refusal> change(const config::Route& route,
                                              const NamedWeights& wanted, std::string_view by,
                                              std::uint64_t now_wall_ms);

  NamedWeights in_force(const config::Route& route) const;
  // Null when nobody has changed them.
  const WeightChange* last_change(const config::Route& route) const;

 private:
  struct Live {
    NamedWeights in_file;
    std::shared_ptr<traffic::SplitWeights> weights;
    std::optional<WeightChange> change;
  };
  std::map<std::string, Live, std::less<>> splits_;  // by route
};

}  // namespace weir::server
