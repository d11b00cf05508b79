// Streams without sockets: two connected ends in memory, between which bytes move only when the
// holder of the wire says so, in pieces of any size and with the faults it planned. Tests drive
// connections through it split point by split point; nothing in the server uses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "net/stream.h"

namespace weir::net {

// What goes wrong in one direction. Places are counts of bytes delivered since the beginning.
struct FaultPlan {
  static constexpr std::size_t kNever = ~std::size_t{0};

  std::size_t window =
      kNever;  // on the way at most so many bytes; the rest stays pending with its writer
  std::size_t reset_at = kNever;  // here both ends are told of a reset
  std::size_t end_at = kNever;    // here the reader is told the end; what follows is lost

  // One fault (a small window, a reset or an end) at a place in [0, length), chosen by the seed.
  static FaultPlan random(std::uint64_t seed, std::size_t length);
};

class MemoryWire {
 public:
  enum class End : std::uint8_t { left, right };
  static constexpr std::size_t kAll = ~std::size_t{0};

  explicit MemoryWire(FaultPlan left_to_right = {}, FaultPlan right_to_left = {});

  // The stream of that end, once. Destroying it closes: the other end is told the end (or a reset,
  // after abort_on_close) behind what is on the way, and a reset when it keeps sending.
  StreamPtr take(End end);

  // Tells the stream at `to` the next thing: up to `piece` bytes, the end, a reset, or that its
  // output drained. False when there is nothing to tell it now.
  bool step(End to, std::size_t piece = kAll);
  // Steps both ends until there is nothing left to tell; how many steps that were.
  std::size_t deliver(std::size_t piece = kAll);

  // From now on writes at that end find the connection dead.
  void fail_writes(End end);

  bool is_open(End end) const;       // taken and not destroyed
  bool is_reading(End end) const;    // started and not paused
  bool was_aborted(End end) const;   // destroyed after abort_on_close()
  bool has_finished(End end) const;  // finish_writing() was called
  std::size_t on_the_way_to(End end) const;

 private:
  struct State;
  class EndStream;
  std::shared_ptr<State> state_;  // shared with the streams
};

}  // namespace weir::net
