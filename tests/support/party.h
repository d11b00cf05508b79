// A party of a scenario: a client or an origin, as the far end of one of the proxy's connections.
// What it says is delivered at once; scenario.h, which lets things happen, has its functions.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/memory_stream.h"
#include "support/http_text.h"
#include "support/memory_peer.h"

namespace weir::test {

class Scenario;

// A client or an origin: the far end of one of the proxy's connections.
class Party {
 public:
  Party(Scenario& scenario, std::unique_ptr<MemoryPeer> peer)
      : scenario_(scenario), peer_(std::move(peer)) {}

  void sends(std::string_view bytes, std::size_t piece = net::MemoryWire::kAll);
  // The next message that came; what follows it stays for the next call.
  HttpText receives();
  HttpText receives_bodiless();  // the same for an answer to HEAD
  // All bytes that came and were not yet taken.
  std::string receives_bytes();

  void closes();
  void finishes();  // half-closes
  void resets();
  void stops_reading() { peer_->pause(); }
  void reads_some(std::size_t most);  // then stops again
  void reads_on();

  bool is_connected() const { return peer_->other_is_open(); }
  bool is_read() const { return peer_->other_is_reading(); }
  bool was_told_end() const { return peer_->saw_end(); }
  bool was_reset() const { return peer_->other_was_aborted(); }
  // Bytes it sent that the proxy has not read.
  std::size_t unread() const { return peer_->wire().on_the_way_to(MemoryPeer::End::left); }
  MemoryPeer& peer() { return *peer_; }

 private:
  HttpText take(bool bodiless);

  Scenario& scenario_;
  std::unique_ptr<MemoryPeer> peer_;
  std::string received_;
};

}  // namespace weir::test
