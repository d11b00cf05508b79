// The test's end of a memory connection: plays the client in front of a proxy or the origin behind
// it. The stream of the other end goes to the code under test. Everything said is delivered at
// once, unless the test sends by pieces.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/memory_stream.h"
#include "support/stream_recorder.h"

namespace weir::test {

class MemoryPeer {
 public:
  using End = net::MemoryWire::End;

  // `outgoing` is what goes wrong with the peer's bytes, `incoming` with those of the code under
  // test.
  explicit MemoryPeer(net::FaultPlan outgoing = {}, net::FaultPlan incoming = {})
      : wire_(incoming, outgoing), own_(wire_.take(End::right)) {
    own_->start(seen_);
  }
  MemoryPeer(const MemoryPeer&) = delete;
  MemoryPeer& operator=(const MemoryPeer&) = delete;

  // The other end, once.
  net::StreamPtr take_stream() { return wire_.take(End::left); }

  // False when the connection is dead. `piece`: at most so many bytes in each on_read.
  bool send(std::string_view bytes, std::size_t piece = net::MemoryWire::kAll) {
    const bool alive = own_ != nullptr && own_->write(bytes);
    deliver(piece);
    return alive;
  }
  std::size_t deliver(std::size_t piece = net::MemoryWire::kAll) { return wire_.deliver(piece); }

  // All bytes that came so far; take_received() forgets them.
  const std::string& received() {
    deliver();
    return seen_.received;
  }
  std::string take_received() {
    deliver();
    return seen_.take();
  }

  void finish() {  // FIN, reading goes on
    own_->finish_writing();
    deliver();
  }
  void close() {
    own_.reset();
    deliver();
  }
  void reset() {
    own_->abort_on_close();
    close();
  }
  // The peer stops and starts reading, for back-pressure against the code under test.
  void pause() { own_->pause_reading(); }
  void resume() {
    own_->resume_reading();
    deliver();
  }
  // A paused peer takes at most so many bytes, in one piece.
  void read_some(std::size_t most) {
    own_->resume_reading();
    wire_.step(End::right, most);
    own_->pause_reading();
    deliver();
  }

  bool saw_end() const { return seen_.ends > 0; }
  bool saw_reset() const { return seen_.resets > 0; }
  bool other_is_open() const { return wire_.is_open(End::left); }
  bool other_is_reading() const { return wire_.is_reading(End::left); }
  bool other_was_aborted() const { return wire_.was_aborted(End::left); }

  net::MemoryWire& wire() { return wire_; }
  const net::MemoryWire& wire() const { return wire_; }
  StreamRecorder& seen() { return seen_; }

 private:
  StreamRecorder seen_;
  net::MemoryWire wire_;
  net::StreamPtr own_;
};

}  // namespace weir::test
