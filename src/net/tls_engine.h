// What the TLS streams of one loop share: the one BIO between OpenSSL and the bytes at hand, the
// scratch buffers, and the budget of handshakes in a turn. Owned by a worker (or a test), used on
// its thread only; outlives its streams. It never owns a connection.
//
// A full handshake costs a signature, up to a millisecond of a loop that serves thousands. So in
// each turn the loop gives handshakes limits::kHandshakeTimePerTurn; who comes later waits, with
// the bytes of its hello, for a later turn, in the order of arrival.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include <weir/limits.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/intrusive_list.h"
#include "net/loop.h"
#include "net/tls_library.h"

struct bio_st;
struct ssl_st;

namespace weir::net {

class Stream;

// A stream that the engine lets wait; goes on when its turn comes, or is destroyed and forgotten.
class TlsWaiter {
 protected:
  ~TlsWaiter() = default;

 private:
  friend class TlsEngine;
  virtual void go_on() = 0;
  Link wait_link_;
};

class TlsEngine {
 public:
  // Without a loop, someone calls turn(). `library`: the loop's own; null = a new one.
  explicit TlsEngine(const Clock& clock, Loop* loop = nullptr,
                     std::shared_ptr<TlsLibrary> library = nullptr);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  // What contexts of this loop's streams are made with.
  const std::shared_ptr<TlsLibrary>& library() const { return library_; }

  // A new turn: its budget is whole, and who waits goes on while it lasts.
  void turn();
  // Handshakes that had to wait for a later turn, ever.
  std::uint64_t postponed() const { return postponed_; }
  bool anyone_waits() { return !waiting_.empty() || !ready_.empty(); }

 private:
  friend class TlsStream;
  using Waiters = IntrusiveList<TlsWaiter, &TlsWaiter::wait_link_>;

  // Lets `operation` read from `input`, of which it takes the front off. What OpenSSL writes is
  // appended to output().
  template <class Operation>
  int with(std::string_view& input, Operation operation) {
    input_ = input;
    const int result = operation();
    input = input_;
    input_ = {};
    return result;
  }
  void attach(ssl_st* ssl);
  Buffer& output() { return output_; }
  // Gives `inner` what OpenSSL wrote. False as Stream::write.
  bool flush(Stream& inner);
  std::span<char> plain() { return {plain_.get(), kPlainBytes}; }
  Buffer& gathered() { return gathered_; }

  bool may_begin() const { return spent_ns_ < kBudgetNs; }
  std::uint64_t now_ns() const { return clock_.mono_ns(); }
  void spend(std::uint64_t since_ns);
  // For a turn with budget left; `first`: before all others.
  void wait(TlsWaiter& waiter, bool first);
  void resume(TlsWaiter& waiter);  // in the next turn, whatever is left
  void ask_for_turn();

  static int bio_read(bio_st* bio, char* into, int size);
  static int bio_write(bio_st* bio, const char* bytes, int size);
  static long bio_ctrl(bio_st* bio, int command, long number, void* pointer);

  // One read decrypts to less than was read, but for the rest of a record that was there before.
  static constexpr std::size_t kPlainBytes = limits::kReceiveBuffer + 16 * 1024;
  static constexpr std::uint64_t kBudgetNs =
      std::chrono::nanoseconds(limits::kHandshakeTimePerTurn).count();

  const Clock& clock_;
  Loop* loop_;
  std::shared_ptr<TlsLibrary> library_;
  bio_st* bio_;
  std::string_view input_;
  Buffer output_;
  Buffer gathered_;
  std::unique_ptr<char[]> plain_;
  Deferred turn_;
  std::uint64_t spent_ns_ = 0;
  std::uint64_t postponed_ = 0;
  Waiters waiting_;
  Waiters ready_;
};

}  // namespace weir::net
