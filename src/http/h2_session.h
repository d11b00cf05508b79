// The server's side of one HTTP/2 connection on nghttp2, without IO and without a clock: bytes in,
// events out, frames gathered until somebody writes them. It keeps RFC 9113's rules, counts what a
// client may send only so much of, and ends the connection where that is exceeded. Owned by
// proxy/h2_downstream; on its worker's thread.
//
// Nothing that is called here calls its owner back before it returns, but for receive() and
// dispatch(), and on_stream_begin, which must not call into the session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <weir/error.h>
#include <weir/http2.h>
#include <weir/limits.h>

#include "base/chunk.h"
#include "base/intrusive_list.h"
#include "base/random.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/h2_meter.h"
#include "http/h2_request.h"
#include "http/head.h"

struct nghttp2_session;

namespace weir::http {

// RFC 9113 section 7.
enum class H2Code : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  enhance_your_calm = 0xb,
};

inline constexpr std::size_t kH2FrameHead = 9;  // bytes
inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

struct H2Limits {
  HeadLimits head;
  UnderscorePolicy underscores = UnderscorePolicy::drop;
  std::uint32_t max_streams = limits::kH2Streams;
  std::uint32_t window = limits::kH2Window;
  std::uint32_t connection_window = limits::kH2ConnectionWindow;
  bool tunnels = true;  // the client is told that it may ask for them (RFC 8441)
};

// What the session keeps of a stream, and what has come and is not yet told. Embedded in whoever
// answers it, used again for other streams; must stay until on_stream_closed.
class H2StreamState {
 public:
  explicit H2StreamState(ChunkPool& chunks) : waiting_(chunks) {}
  H2StreamState(const H2StreamState&) = delete;
  H2StreamState& operator=(const H2StreamState&) = delete;

  // Ready for the next stream.
  void clear();

  // The session still knows it: something can be sent.
  bool open() const { return open_; }
  // Bytes of content that wait for a window, or for others to be written.
  std::size_t waiting_bytes() const { return waiting_.size(); }
  // Of what was sent, what went into frames, headers and framing included; and that with what
  // waits.
  std::uint64_t framed_bytes() const { return framed_; }
  std::uint64_t sent_bytes() const { return framed_ + waiting_.size() + unframed_head_; }
  // What the request was told into is somebody else's from now on.
  void release_head() { builder_.release_head(); }
  // The whole response is in frames.
  bool response_framed() const { return response_framed_; }

 private:
  friend class H2Session;
  friend struct H2Callbacks;

  std::int32_t id_ = 0;
  bool open_ = false;
  bool reset_by_client_ = false;
  bool request_ended_ = false;   // END_STREAM has come
  bool deferred_ = false;        // nghttp2 waits for content
  bool response_ended_ = false;  // no more content will be given
  bool response_framed_ = false;
  bool tunnel_ = false;     // the response opened one: each side ends by itself
  bool head_done_ = false;  // to be told, as are the next three
  bool complete_ = false;
  bool closed_ = false;
  Errc fault_ = Errc::none;
  std::uint8_t spans_ = 0;
  std::array<std::string_view, limits::kH2Spans> span_;

  H2RequestBuilder builder_;
  ChunkQueue waiting_;
  std::span<const std::string_view> direct_;  // content to be sent, not copied (yet)
  std::size_t direct_skip_ = 0;               // of its first run, framed already
  std::size_t direct_bytes_ = 0;              // what is left of it
  Buffer trailers_;                           // name LF value LF ..., to be sent behind the content
  std::uint64_t framed_ = 0;
  std::size_t unframed_head_ = 0;
  Link touched_link_;
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

// What the sessions of one worker share. Outlives them. `random` is the worker's, and outlives it.
class H2Shared;
std::shared_ptr<H2Shared> make_h2_shared(Random& random);

class H2Session {
 public:
  // Begins with our SETTINGS, which output() has after the next pump().
  H2Session(std::shared_ptr<H2Shared> shared, H2SessionEvents& events, const H2Limits& limits,
            ChunkPool& chunks);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Takes the client's bytes in, and tells what came of them.
  void receive(std::string_view bytes, std::uint64_t now_ms);
  // Tells what became of streams meanwhile. Called by receive(); else when nothing of theirs is on
  // the stack.
  void dispatch();

  // --- answers; false: the stream or the connection is gone ---

  bool send_interim(H2StreamState& stream, const ResponseHead& head);
  bool send_response(H2StreamState& stream, const ResponseHead& head,
                     std::span<const HeadEdit> edits, std::span<const std::string_view> content,
                     bool complete);
  // `complete` ends it with the trailers of `trailers_of`.
  bool send_content(H2StreamState& stream, std::span<const std::string_view> content, bool complete,
                    const Head& trailers_of);
  bool send_own_answer(H2StreamState& stream, const OwnAnswer& answer);
  // The origin's 101, as the 200 that opens a tunnel here. What follows is sent as content.
  bool send_upgrade(H2StreamState& stream, const ResponseHead& head,
                    std::span<const HeadEdit> edits);
  // Ends a stream that does not end well.
  void reset(H2StreamState& stream, H2Code code);
  // Nothing more is told of it, and nothing more may be asked of the session but its destruction.
  void forget(H2StreamState& stream);
  // So much of its content was taken: the client may send as much again. (The connection's window
  // opens as content arrives: a stream that waits must not hold up others.)
  void take(H2StreamState& stream, std::size_t bytes);

  // --- output ---

  // While set, frames stay where they are: the socket takes no more.
  void hold_output(bool held) { held_ = held; }
  // Turns what is to be sent into frames, until output() holds `most` bytes or a little more.
  void pump(std::size_t most = limits::kH2BatchBytes);
  ChunkQueue& output() { return output_; }

  // --- ends ---

  // Announces the end (RFC 9113 section 6.8): a GOAWAY for no stream yet, and a PING; when that
  // comes back, or with finish_shutdown(), the GOAWAY that counts. New streams are ignored after
  // it.
  void begin_shutdown();
  void finish_shutdown();
  bool shutting_down() const { return shutdown_begun_; }
  // Ends the connection for that, at once.
  void abandon(H2Code code, H2Abuse abuse);
  // Nothing will be read or framed any more: write output(), then close.
  bool finished() const;
  // ... because of a fault; its streams may not have ended.
  bool broken() const { return dead_ || failed_; }
  // A request's head is coming and has not come to its end.
  bool in_head() const { return heading_ != nullptr; }
  // The client's preface has come.
  bool begun() const { return begun_; }
  // Of the streams now open, as nghttp2 counts them.
  std::int32_t last_stream() const;

 private:
  friend struct H2Callbacks;

  // False for HEADERS on a stream that the client left out when it opened later ones (RFC 9113
  // section 5.1.1); of several gaps the last one is known. HEADERS on a stream that has ended are
  // late.
  bool in_order(std::int32_t stream);
  bool meter(H2Meter& bucket, const limits::H2Allowance& allowance, H2Abuse abuse);
  void touch(H2StreamState& stream);
  void tell(H2StreamState& stream);
  void fail(int library_error);
  void append_goaway(H2Code code);
  bool submit_head(H2StreamState& stream, bool has_content);
  void send_direct(H2StreamState& stream, std::span<const std::string_view> content, bool complete);
  void end_response(H2StreamState& stream, const Head* trailers_of);
  void frame_content(H2StreamState& stream, std::size_t bytes);
  void submit_trailers(H2StreamState& stream);

  std::shared_ptr<H2Shared> shared_;
  H2SessionEvents& events_;
  const H2Limits limits_;
  nghttp2_session* session_ = nullptr;
  ChunkQueue output_;
  IntrusiveList<H2StreamState, &H2StreamState::touched_link_> touched_;
  H2StreamState* heading_ = nullptr;
  std::uint64_t now_ms_ = 0;
  std::size_t output_most_ = limits::kH2BatchBytes;
  bool dead_ = false;    // a GOAWAY of our own making is in output_; nghttp2 is not asked any more
  bool failed_ = false;  // a GOAWAY with an error was sent by nghttp2
  bool held_ = false;
  bool begun_ = false;
  bool shutdown_begun_ = false;
  bool shutdown_finished_ = false;
  bool windows_changed_ = false;              // by SETTINGS among what was received last
  std::int32_t newest_stream_ = -1;           // that the client has named in HEADERS
  std::int32_t gap_begin_ = 0, gap_end_ = 0;  // streams it left out
  std::uint32_t continuations_ = 0;
  H2Meter resets_, settings_, pings_, priorities_, empty_, unknown_, updates_;
};

}  // namespace weir::http
