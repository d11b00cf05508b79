// Whose turn it is, smoothly by weight: an endpoint of weight w has w turns a cycle, evenly spaced,
// and the endpoints' spacings are offset against each other. The timetable depends on the set and
// the weights alone; what is kept between changes is only the time of day, so a change of health
// neither restarts it nor favours the heaviest. O(log n) a turn. Used by weighted round robin, by
// least connections for its ties and by maglev to fill its table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "balance/roster.h"
#include "base/random.h"

namespace weir::balance {

class Turns {
 public:
  // Begins at the start of a cycle.
  Turns() = default;
  // Begins with any of a cycle's turns, all equally likely: the first pick follows the weights like
  // every other.
  explicit Turns(std::uint64_t seed) : random_(seed), begun_(false) {}

  // Takes up `seats`, goes on at the time it was. `set_size`: of the whole set, seated or not; the
  // offset of an endpoint in it does not change with the health of others. Allocates only when the
  // set has grown.
  void rebuild(std::span<const Seat> seats, std::size_t set_size);

  // The position among the seats of the next whose turn it is and who was not tried; kNoEndpoint
  // when there is none.
  std::size_t next(const PickContext& context);

 private:
  // A cycle is 2^32 units of time; times wrap around and are compared by their signed difference.
  struct Turn {
    std::uint64_t due;
    std::uint32_t position;  // among the seats
    std::uint32_t index;     // in the set
    std::uint32_t weight;    // turns in a cycle
    std::uint32_t step;      // which of them comes next
    std::uint32_t offset;    // of the first of them, in turns times 2^-32
  };

  static bool earlier(const Turn& a, const Turn& b);
  static std::uint64_t time_in_cycle(const Turn& turn);
  static void advance(Turn& turn);
  static Turn first_of_cycle(const Seat& seat, std::size_t position, std::size_t set_size);
  void begin_at_random(std::span<const Seat> seats, std::size_t set_size);
  Turn next_from_now(const Seat& seat, std::size_t position, std::size_t set_size) const;
  void sift_down(std::size_t at);
  std::size_t first_untried(const PickContext& context) const;

  std::vector<Turn> heap_;  // earliest at the front
  // Turns before now_ are over, and of those due at it the ones of indexes below now_index_.
  std::uint64_t now_ = 0;
  std::uint32_t now_index_ = 0;
  Random random_{0};
  bool begun_ = true;
};

}  // namespace weir::balance
