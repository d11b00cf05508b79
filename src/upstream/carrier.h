// What carries one exchange to an endpoint and its answer back, whatever protocol is spoken there:
// an HTTP/1 connection (connection.h) or a stream of an HTTP/2 connection. An attempt uses it
// through a Lease, and knows nothing else of it. Its pool owns it; on one worker's thread.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <weir/error.h>

#include "base/chunk.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/head.h"

namespace weir::upstream {

// What a leased carrier tells the attempt that uses it. Each may release the lease; no event
// follows then.
class ResponseEvents {
 public:
  // A step of the response parsed into the head given to Carrier::send_request(). Interim
  // answers arrive as whole steps of their own (head and complete) and are followed by the next
  // answer into the same head.
  virtual void on_response(const http::ParseStep& step) = 0;
  // What carried the response ended before it was complete; upstream_reset before its first byte,
  // else upstream_truncated.
  virtual void on_response_cut(Error error) = 0;
  // Pending request bytes have drained (net::StreamEvents::on_drained).
  virtual void on_upstream_drained() = 0;

 protected:
  ~ResponseEvents() = default;
};

// What is sent: the head with its edits; all views live until send_request() returns.
struct OutgoingRequest {
  const http::RequestHead* head = nullptr;
  std::string_view path;  // what is forwarded
  std::string_view host;
  std::span<const http::HeadEdit> edits;
};

class Carrier {
 public:
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // Sends head and content in one write. `response` is where the answer's head goes; it outlives
  // the lease. False: the carrier is dead, nothing of the answer will come.
  virtual bool send_request(const OutgoingRequest& request,
                            std::span<const std::string_view> content, bool complete,
                            http::ResponseHead& response, ResponseEvents& events) = 0;
  // More content of the same request; `complete` ends it (chunked: last chunk and the trailers of
  // `head`).
  virtual bool send_content(const http::RequestHead& head,
                            std::span<const std::string_view> content, bool complete) = 0;
  // Sends a whole request that was composed beforehand as HTTP/1, `head` and `content` with its
  // framing.
  virtual bool send_composed(std::string_view head, http::Method method, const ChunkQueue* content,
                             http::ResponseHead& response, ResponseEvents& events) = 0;

  // Called from on_response() with a 101 that the attempt takes, which HTTP/1 alone knows: what
  // follows is told as content without framing, its end as `complete`; send_content() sends bytes
  // as they are, and `complete` half-closes. The connection is closed when the lease ends.
  virtual void begin_tunnel() {}
  // ... and then with a reset, so that what was cut short shows.
  virtual void reset_on_close() {}

  // Bytes of the request that were not taken yet; above limits::kHighWatermark its source is
  // paused until ResponseEvents::on_upstream_drained.
  virtual std::size_t pending_bytes() const = 0;
  // Back-pressure on the response.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;

  // The connection has carried an earlier exchange: its end before a response byte is the
  // idle-close race, not an origin's failure. Not so once a stream has ended without it.
  virtual bool reused() const = 0;
  // Has a byte of the response been seen?
  virtual bool response_begun() const = 0;

 protected:
  Carrier() = default;
  ~Carrier() = default;

 private:
  friend class Lease;
  // The lease is over: back to the pool if it may be used again, else closed. No event follows.
  virtual void give_back() = 0;
};

// The right to use a carrier for one exchange. Destroying it gives back a clean carrier (both
// messages ended exactly, no stray byte, kept alive) and closes any other.
class Lease {
 public:
  Lease() = default;
  explicit Lease(Carrier& carrier) : carrier_(&carrier) {}
  ~Lease() { release(); }
  Lease(Lease&& other) noexcept : carrier_(std::exchange(other.carrier_, nullptr)) {}
  Lease& operator=(Lease&& other) noexcept {
    if (this != &other) {
      release();
      carrier_ = std::exchange(other.carrier_, nullptr);
    }
    return *this;
  }

  explicit operator bool() const { return carrier_ != nullptr; }
  Carrier* operator->() const { return carrier_; }
  void release() {
    if (Carrier* carrier = std::exchange(carrier_, nullptr)) carrier->give_back();
  }

 private:
  Carrier* carrier_ = nullptr;
};

}  // namespace weir::upstream
