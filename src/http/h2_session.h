// The server's side of one HTTP/2 connection on nghttp2, without IO and without a clock: bytes in,
// events out, frames gathered until somebody writes them. It keeps RFC 9113's rules, counts what a
// client may send only so much of, and ends the connection where that is exceeded. Owned by
// proxy/h2_downstream; on its worker's thread.
//
// Nothing that is called here calls its owner back before it returns, but for receive() and
// dispatch(), and on_stream_begin, which must not call into the session.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "http/h1_writer.h"
#include "http/h2_core.h"
#include "http/h2_request.h"

namespace weir::http {

struct H2Limits {
  HeadLimits head;
  UnderscorePolicy underscores = UnderscorePolicy::drop;
  std::uint32_t max_streams = limits::kH2Streams;
  std::uint32_t window = limits::kH2Window;
  std::uint32_t connection_window = limits::kH2ConnectionWindow;
  bool tunnels = true;  // the client is told that it may ask for them (RFC 8441)
};

// A client's stream. Embedded in whoever answers it.
class H2StreamState : public H2StreamCore {
 public:
  explicit H2StreamState(ChunkPool& chunks) : H2StreamCore(chunks) {}

  // Ready for the next stream.
  void clear() {
    tunnel_ = false;
    H2StreamCore::clear();
  }
  // What the request was told into is somebody else's from now on.
  void release_head() { builder_.release_head(); }
  // The whole response is in frames.
  bool response_framed() const { return framed_end(); }

 private:
  friend class H2Session;
  friend struct H2Callbacks;

  H2RequestBuilder builder_;
  bool tunnel_ = false;  // the response opened one: each side ends by itself
};

class H2SessionEvents {
 public:
  // A request's first frame: the state for its stream and the head to fill in. A null state refuses
  // it.
  virtual std::pair<H2StreamState*, RequestHead*> on_stream_begin() = 0;
  // What has come since the last time, as a parser would tell it; content is valid during the call.
  // An error with status 400 has reset the stream already, others want an answer.
  virtual void on_stream_input(H2StreamState& stream, const ParseStep& step) = 0;
  // The session has forgotten the stream. `reason`: none when both sides had finished, client_gone
  // when the client reset it, else what was wrong with it. Last event of a stream.
  virtual void on_stream_closed(H2StreamState& stream, Errc reason) = 0;
  // A stream or the connection was ended for that. Counted; nothing is to be done.
  virtual void on_abuse(H2Abuse abuse) = 0;

 protected:
  ~H2SessionEvents() = default;
};

class H2Session final : public H2Core {
 public:
  // Begins with our SETTINGS, which output() has after the next pump().
  H2Session(std::shared_ptr<H2Shared> shared, H2SessionEvents& events, const H2Limits& limits,
            ChunkPool& chunks);

  // --- answers; false: the stream or the connection is gone ---

  bool send_interim(H2StreamState& stream, const ResponseHead& head);
  bool send_response(H2StreamState& stream, const ResponseHead& head,
                     std::span<const HeadEdit> edits, std::span<const std::string_view> content,
                     bool complete);
  bool send_own_answer(H2StreamState& stream, const OwnAnswer& answer);
  // The origin's 101, as the 200 that opens a tunnel here. What follows is sent as content.
  bool send_upgrade(H2StreamState& stream, const ResponseHead& head,
                    std::span<const HeadEdit> edits);

  // --- ends ---

  // Announces the end (RFC 9113 section 6.8): a GOAWAY for no stream yet, and a PING; when that
  // comes back, or with finish_shutdown(), the GOAWAY that counts. New streams are ignored after
  // it.
  void begin_shutdown();
  void finish_shutdown();
  bool shutting_down() const { return shutdown_begun_; }
  // A request's head is coming and has not come to its end.
  bool in_head() const { return heading_ != nullptr; }

 private:
  friend struct H2Callbacks;

  // False for HEADERS on a stream that the client left out when it opened later ones (RFC 9113
  // section 5.1.1); of several gaps the last one is known. HEADERS on a stream that has ended are
  // late.
  bool in_order(std::int32_t stream);
  // HEADERS of a stream that is not known (any more), or `fresh` but not known yet: counts those
  // that nobody will be told of. At once, so that requests before it are not begun for a client
  // that is thrown out. False: that was one too many.
  bool count_vain_head(bool fresh);
  void tell(H2StreamCore& stream) override;
  void note_abuse(H2Abuse abuse) override { events_.on_abuse(abuse); }
  bool submit_head(H2StreamState& stream, bool has_content);

  H2SessionEvents& events_;
  const H2Limits limits_;
  bool shutdown_begun_ = false;
  bool shutdown_finished_ = false;
  std::uint32_t open_streams_ = 0;
  std::int32_t newest_stream_ = -1;           // that the client has named in HEADERS
  std::int32_t gap_begin_ = 0, gap_end_ = 0;  // streams it left out
};

}  // namespace weir::http
