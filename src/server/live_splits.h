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

// What was set at run time, for another process.
struct KeptWeights {
  std::string route;
  NamedWeights in_file;  // when it was set
  WeightChange change;   // the last one: its `to` is in force
};

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
  // A line for each route whose weights were set at run time and would end with a new file.
  std::vector<std::string> overruled_by(const config::Config& next) const;
  // Null when nobody has changed them.
  const WeightChange* last_change(const config::Route& route) const;

  std::vector<KeptWeights> kept() const;
  // Of the process before this one, before the first snapshot is built.
  void take_over(std::vector<KeptWeights> kept);

 private:
  struct Live {
    NamedWeights in_file;
    std::shared_ptr<traffic::SplitWeights> weights;
    std::optional<WeightChange> change;
  };
  std::map<std::string, Live, std::less<>> splits_;  // by route
};

}  // namespace weir::server
