// The client's side of an exchange, whatever protocol it speaks: what proxy/exchange calls to
// answer. HTTP/1 connections implement it (h1_downstream), HTTP/2 streams too (h2_stream). Calls
// never come back into the exchange before they return, except where said.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/chunk.h"
#include "http/h1_writer.h"
#include "http/head.h"

namespace weir::proxy {

// How an exchange left its client.
enum class Ending : std::uint8_t {
  complete,   // the response was sent whole
  truncated,  // it broke off: the connection (or stream) must end so that it shows
  abandoned,  // the client is gone, nothing can be said to it
};

// What a client said of a tunnel before it was granted: bytes in order, and whether that was all.
struct EarlyWords {
  ChunkQueue& bytes;
  bool complete = false;
};

class Downstream {
 public:
  // False from a send: the client is gone; the exchange ends with Ending::abandoned.

  virtual bool send_interim(const http::ResponseHead& head) = 0;
  // The head with the first content; `complete` ends the response.
  virtual bool send_response(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                             std::span<const std::string_view> content, bool complete) = 0;
  virtual bool send_content(const http::ResponseHead& head,
                            std::span<const std::string_view> content, bool complete) = 0;
  // The 101 to this client's upgrade. From then on there is a tunnel: content is bytes as they are,
  // both ways, and `complete` is the end of that direction alone. What the client sent already,
  // behind its request, goes to `early`.
  virtual bool send_upgrade(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                            EarlyWords& early) = 0;
  // A whole answer of the proxy's own. Date, framing and connection fields are filled in here.
  virtual bool send_own_answer(http::OwnAnswer answer) = 0;

  // Bytes sent to this client during the exchange, heads and framing included.
  virtual std::uint64_t bytes_sent() const = 0;
  virtual std::size_t pending_bytes() const = 0;
  // That is too much: the response pauses until Exchange::on_client_drained().
  virtual bool congested() const = 0;

  // Back-pressure on the request's content.
  virtual void pause_request() = 0;
  virtual void resume_request() = 0;

  // The exchange is over and recorded; last call. It may start the next exchange at once, so the
  // caller touches nothing of itself afterwards.
  virtual void exchange_over(Ending ending) = 0;

 protected:
  ~Downstream() = default;
};

}  // namespace weir::proxy
