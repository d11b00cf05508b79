// What both ends of an HTTP/2 connection have in common, on nghttp2: bytes in, what has come of
// streams noted and told when nghttp2 is not on the stack, messages framed into one queue until
// somebody writes them, frames that do nothing counted, and the connection's end. h2_session.h is
// the server's end, h2_client_session.h the client's. No IO, no clock.
//
// Nothing that is called here calls its owner back before it returns, but for receive() and
// dispatch().
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

#include "base/buffer.h"
#include "base/chunk.h"
#include "base/intrusive_list.h"
#include "base/random.h"
#include "http/h1_parser.h"
#include "http/h2_meter.h"
#include "http/h2_scan.h"
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

inline constexpr std::string_view kH2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// What the sessions of one worker share, the servers' and the clients' apart. Outlives them.
// `random` is the worker's, and outlives it.
class H2Shared;
std::shared_ptr<H2Shared> make_h2_shared(Random& random);
std::shared_ptr<H2Shared> make_h2_client_shared();

// What a session keeps of a stream, and what has come and is not yet told. Embedded in whoever
// answers or asks by it, used again for other streams; must stay until its session has told its
// end or forgotten it.
class H2StreamCore {
 public:
  H2StreamCore(const H2StreamCore&) = delete;
  H2StreamCore& operator=(const H2StreamCore&) = delete;

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

 protected:
  explicit H2StreamCore(ChunkPool& chunks) : waiting_(chunks) {}
  ~H2StreamCore() = default;
  // All of our message is in frames.
  bool framed_end() const { return framed_end_; }

 private:
  friend class H2Core;
  friend class H2Session;
  friend class H2ClientSession;
  friend struct H2CoreCallbacks;
  friend struct H2Callbacks;
  friend struct H2ClientCallbacks;

  std::int32_t id_ = 0;
  bool open_ = false;
  bool reset_by_peer_ = false;
  bool received_end_ = false;  // END_STREAM has come
  bool deferred_ = false;      // nghttp2 waits for content
  bool given_end_ = false;     // no more content will be given
  bool framed_end_ = false;
  bool head_done_ = false;  // to be told, as are the next three
  bool complete_ = false;
  bool closed_ = false;
  Errc fault_ = Errc::none;
  std::uint8_t spans_ = 0;
  std::array<std::string_view, limits::kH2Spans> span_;

  ChunkQueue waiting_;
  std::span<const std::string_view> direct_;  // content to be sent, not copied (yet)
  std::size_t direct_skip_ = 0;               // of its first run, framed already
  std::size_t direct_bytes_ = 0;              // what is left of it
  Buffer trailers_;                           // name LF value LF ..., to be sent behind the content
  std::uint64_t framed_ = 0;
  std::size_t unframed_head_ = 0;
  Link touched_link_;
};

class H2Core {
 public:
  H2Core(const H2Core&) = delete;
  H2Core& operator=(const H2Core&) = delete;

  // Takes the peer's bytes in, and tells what came of them.
  void receive(std::string_view bytes, std::uint64_t now_ms);
  // Tells what became of streams meanwhile. Called by receive(); else when nothing of theirs is on
  // the stack.
  void dispatch();

  // Ends a stream that does not end well.
  void reset(H2StreamCore& stream, H2Code code);
  // Nothing more is told of it, and nothing more may be asked of the session but its destruction.
  void forget(H2StreamCore& stream);
  // So much of its content was taken: the peer may send as much again. (The connection's window
  // opens as content arrives: a stream that waits must not hold up others.)
  void take(H2StreamCore& stream, std::size_t bytes);

  // --- output ---

  // More content of a message whose head was sent; `complete` ends it with the trailers of
  // `trailers_of`. False: the stream or the connection is gone.
  bool send_content(H2StreamCore& stream, std::span<const std::string_view> content, bool complete,
                    const Head& trailers_of);
  // While set, frames stay where they are: the socket takes no more.
  void hold_output(bool held) { held_ = held; }
  // Turns what is to be sent into frames, until output() holds `most` bytes or a little more.
  void pump(std::size_t most = limits::kH2BatchBytes);
  ChunkQueue& output() { return output_; }

  // --- ends ---

  // Ends the connection for that, at once.
  void abandon(H2Code code, H2Abuse abuse);
  // Nothing will be read or framed any more: write output(), then close.
  bool finished() const;
  // ... because of a fault; its streams may not have ended.
  bool broken() const { return dead_ || failed_; }
  // ... because of what we need not take from anybody: ENHANCE_YOUR_CALM.
  bool thrown_out() const { return thrown_out_; }
  // The peer's preface has come.
  bool begun() const { return begun_; }
  // Of the peer's streams now open, as nghttp2 counts them.
  std::int32_t last_stream() const;

 protected:
  // `preface`: bytes that the peer sends before its first frame. `fields`: that its heads may have.
  // `generosity`: so many times a client's allowances are the peer's.
  H2Core(std::shared_ptr<H2Shared> shared, ChunkPool& chunks, std::size_t preface,
         std::size_t fields, std::uint32_t generosity);
  ~H2Core();

  // Something has come of the stream: the owner is to be told.
  virtual void tell(H2StreamCore& stream) = 0;
  // A stream or the connection was ended for that. The owner is not to do anything.
  virtual void note_abuse(H2Abuse abuse) = 0;

  // GOAWAY by hand, because nghttp2 may be in the middle of something; output_ always ends with a
  // whole frame.
  void append_goaway(H2Code code);
  void touch(H2StreamCore& stream);
  // For callbacks that stop nghttp2: what has come is told before it goes on.
  void pause_input() { paused_ = true; }
  // What the stream has to tell, taken out of it.
  static ParseStep take_step(H2StreamCore& stream);
  limits::H2Allowance granted(const limits::H2Allowance& to_client) const {
    return {to_client.burst * generosity_, to_client.per_second * generosity_};
  }
  // False: of that kind there was one too many, and the connection has ended.
  bool meter(H2Meter& bucket, const limits::H2Allowance& to_client, H2Abuse abuse,
             std::uint64_t count = 1);
  void send_direct(H2StreamCore& stream, std::span<const std::string_view> content, bool complete);
  // No more content comes but what is sent next; then the trailers of that head, if there are any.
  void end_message(H2StreamCore& stream, const Head* trailers_of);

  const std::shared_ptr<H2Shared> shared_;
  nghttp2_session* session_ = nullptr;  // made by the derived class
  H2StreamCore* heading_ = nullptr;     // whose header block is coming
  std::uint64_t now_ms_ = 0;
  bool dead_ = false;    // a GOAWAY of our own making is in output_; nghttp2 is not asked any more
  bool failed_ = false;  // a GOAWAY with an error was sent by nghttp2
  bool thrown_out_ = false;

 private:
  friend struct H2CoreCallbacks;

  void receive_some(std::string_view bytes);
  void take_in(std::string_view bytes);
  // Those of the bytes received last that nghttp2 has not told of.
  void count_late_data(std::uint32_t data_frames);
  void fail(int library_error);
  void frame_content(H2StreamCore& stream, std::size_t bytes);
  void submit_trailers(H2StreamCore& stream);

  ChunkQueue output_;
  IntrusiveList<H2StreamCore, &H2StreamCore::touched_link_> touched_;
  const std::uint32_t generosity_;
  std::size_t output_most_ = limits::kH2BatchBytes;
  bool held_ = false;
  bool begun_ = false;
  bool paused_ = false;           // a callback has stopped nghttp2
  bool windows_changed_ = false;  // by SETTINGS among what was received last
  std::uint32_t continuations_ = 0;
  H2Scan scan_;
  const std::size_t fields_most_;  // of a header block
  std::uint32_t begun_data_ = 0;   // DATA frames that nghttp2 told of, of the bytes received last

 protected:
  H2Meter resets_, settings_, pings_, priorities_, empty_, unknown_, updates_, late_;
};

}  // namespace weir::http
