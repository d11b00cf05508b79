// A byte stream with an observer: TCP and unix sockets (tcp_stream), TLS later, and memory in
// tests. The connections of proxy/, upstream/ and server/ own streams and see nothing of libuv. All
// on one worker's thread.
//
// The close protocol: destroying a Stream closes it and ends all events at once; what the event
// loop still needs lives on in a block that frees itself. Destroying a Stream is allowed inside any
// of its own events. Pending output is lost; call finish_writing() and wait for the peer's end
// where it must arrive.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <weir/address.h>
#include <weir/error.h>

namespace weir::net {

// What a stream tells its owner. Each may destroy the stream; no event follows then.
class StreamEvents {
 public:
  // Bytes arrived. They are valid during the call only (the worker's receive buffer).
  virtual void on_read(std::string_view bytes) = 0;
  // The peer finished sending (FIN); writing is still possible. Comes once.
  virtual void on_end() = 0;
  // The connection is gone (reset, timeout of the kernel); writing is not possible. Last event. The
  // error is Errc::system with the errno; whose side it was is the owner's knowledge.
  virtual void on_reset(Error error) = 0;
  // pending_bytes() fell to limits::kLowWatermark or below after having been above
  // limits::kHighWatermark, or to 0.
  virtual void on_drained() = 0;

 protected:
  ~StreamEvents() = default;
};

class Stream {
 public:
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Sets the observer and arms reading (for the connection's life: no syscall per request). A later
  // call only exchanges the observer.
  virtual void start(StreamEvents& events) = 0;

  // Writes the parts in order, as many bytes as the socket takes at once in one syscall; the rest
  // is copied and follows by itself. Never blocks, never calls back before it returns. False:
  // nothing more can be written (EPIPE, ECONNRESET), and no later write succeeds. The caller
  // closes, or goes on reading what had arrived; on_end or on_reset may still come then, and such
  // an end says nothing about completeness. At most kMaxParts parts, none empty.
  static constexpr std::size_t kMaxParts = 64;
  virtual bool write(std::span<const std::string_view> parts) = 0;
  bool write(std::string_view bytes) { return write(std::span(&bytes, 1)); }

  // Bytes written but not yet taken by the socket. The caller pauses its source above
  // limits::kHighWatermark.
  virtual std::size_t pending_bytes() const = 0;

  // Back-pressure; costs syscalls, so only when pending bytes demand it. Idempotent. While paused,
  // the end or reset of the peer may go unnoticed until resumed.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // The address of this machine's end, as the peer addressed it; empty where there is none. Costs a
  // syscall.
  virtual SocketAddress local_address() const { return {}; }

  // Half-close: FIN after all pending output. Reading goes on.
  virtual void finish_writing() = 0;

  // Makes the coming destruction a reset (RST) instead of a FIN, so that a truncated message shows
  // as truncated.
  virtual void abort_on_close() = 0;

 protected:
  Stream() = default;
};

using StreamPtr = std::unique_ptr<Stream>;

}  // namespace weir::net
