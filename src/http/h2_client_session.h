// The client's end of one HTTP/2 connection on nghttp2, without IO and without a clock: requests
// in, frames gathered until somebody writes them; the endpoint's bytes in, steps of its answers
// out, as the HTTP/1 parser gives them. It keeps RFC 9113's rules against the endpoint: what is
// malformed resets its stream, what breaks the connection's rules or floods it ends the connection.
// Used by upstream/h2_connection and health checks; on one thread.
//
// Nothing that is called here calls its owner back before it returns, but for receive() and
// dispatch().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "http/h2_core.h"
#include "http/h2_fields.h"
#include "http/h2_response.h"

namespace weir::http {

struct H2ClientLimits {
  HeadLimits head;
  std::uint32_t window = limits::kH2EndpointWindow;
  std::uint32_t connection_window = limits::kH2EndpointConnectionWindow;
};

// A request of ours. Embedded in whoever asks by it.
class H2ClientStream : public H2StreamCore {
 public:
  explicit H2ClientStream(ChunkPool& chunks) : H2StreamCore(chunks) {}

  // Ready for the next request.
  void clear();

  // The first frame of an answer has come.
  bool response_begun() const { return response_begun_; }

 private:
  friend class H2ClientSession;
  friend struct H2ClientCallbacks;

  ResponseHead* response_ = nullptr;  // null: nobody wants the answer any more
  Method method_ = Method::get;
  bool response_begun_ = false;
  bool final_ = false;      // the final answer's head is here: what follows are trailers
  bool new_block_ = false;  // a header block has come of which nothing was taken yet
  bool fault_told_ = false;
  char held_status_[3] = {};  // of the next answer, while an interim one is not yet told
  bool holds_status_ = false;
  Errc ended_for_ = Errc::none;  // once closed_
  H2ResponseBuilder builder_;
  Link open_link_;
};

class H2ClientEvents {
 public:
  // What has come since the last time; content is valid during the call. Interim answers are whole
  // steps of their own (head and complete), followed by the next answer into the same head. An
  // error is the last step, and has reset the stream.
  virtual void on_response(H2ClientStream& stream, const ParseStep& step) = 0;
  // The session has forgotten the stream; its last event. `reason`: none when the answer was told
  // whole; upstream_refused when the endpoint has not done anything with the request; bad_response
  // and response_head_too_large as told before; else upstream_reset. It may be used again at once.
  virtual void on_stream_closed(H2ClientStream& stream, Errc reason) = 0;

 protected:
  ~H2ClientEvents() = default;
};

class H2ClientSession final : public H2Core {
 public:
  // Begins with the preface and our SETTINGS, which output() has after the next pump(). `shared` is
  // of make_h2_client_shared().
  H2ClientSession(std::shared_ptr<H2Shared> shared, H2ClientEvents& events,
                  const H2ClientLimits& limits, ChunkPool& chunks);

  // As H2Core::receive(), and looks whether it is HTTP/2 at all.
  void receive(std::string_view bytes, std::uint64_t now_ms);
  void forget(H2ClientStream& stream);

  // --- requests; false: the stream or the connection is gone, and nothing was begun ---

  // Another request may be begun, as far as the connection goes: it has not ended or said that it
  // will.
  bool may_begin() const;
  // How many may be open at once, as the endpoint says, or is taken to allow as long as it says
  // nothing.
  std::uint32_t streams_allowed() const;
  std::size_t streams() const { return streams_; }

  // `response` is where the answer's head goes; it outlives the request, unless that is cancelled.
  // `complete` ends it with the trailers of its head.
  bool send_request(H2ClientStream& stream, const H2Request& request,
                    std::span<const std::string_view> content, bool complete,
                    ResponseHead& response);
  // One of those fields alone, pseudo-header fields first. `complete` ends it without trailers.
  bool send_request(H2ClientStream& stream, std::span<const H2Field> fields, Method method,
                    std::span<const std::string_view> content, bool complete,
                    ResponseHead& response);
  // Nobody wants the answer: resets the stream. Its end is told; no step is.
  void cancel(H2ClientStream& stream);

  // --- ends ---

  // Says that no more comes (GOAWAY without an error), where nothing is open any more.
  void say_goodbye();
  // Why the connection has ended, with the requests that were open: none while it has not;
  // upstream_no_http2 for an endpoint that does not speak it; bad_response for what is against
  // RFC 9113, or too much of it.
  Errc fault() const { return end_; }

 private:
  friend struct H2ClientCallbacks;

  void tell(H2StreamCore& stream) override;
  void note_abuse(H2Abuse abuse) override;
  bool submit(H2ClientStream& stream, Method method, std::span<const std::string_view> content,
              bool complete, const Head* trailers_of, ResponseHead& response);
  H2ClientStream* find(std::int32_t id);
  void close(H2ClientStream& stream, Errc reason);

  H2ClientEvents& events_;
  const H2ClientLimits limits_;
  IntrusiveList<H2ClientStream, &H2ClientStream::open_link_> open_;
  std::size_t streams_ = 0;
  Errc end_ = Errc::none;
};

}  // namespace weir::http
