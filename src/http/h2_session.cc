// The server's end of a session: settings, what is told, answers, and an orderly end.
#include "http/h2_session.h"

#include <array>
#include <limits>

#include "http/h2_callbacks.h"

namespace weir::http {
namespace {

std::uint32_t as_setting(std::size_t number) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::uint32_t>(number < kMost ? number : kMost);
}

}  // namespace

H2Session::H2Session(std::shared_ptr<H2Shared> shared, H2SessionEvents& events,
                     const H2Limits& limits, ChunkPool& chunks)
    : H2Core(std::move(shared), chunks, kH2Preface.size(), limits.head.fields, 1),
      events_(events),
      limits_(limits) {
  nghttp2_session_server_new2(&session_, shared_->callbacks, static_cast<H2Core*>(this),
                              shared_->option);
  // Without RFC 7540's priorities (RFC 9113 section 5.3.2): there is no tree that a client could
  // grow.
  const std::array<nghttp2_settings_entry, 5> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.max_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, as_setting(limits_.head.head_bytes)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, limits_.tunnels ? 1U : 0U},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.connection_window));
}

// What a stream that is gone has still sent is not worth an origin's time; but the last words of a
// tunnel may be what closed it.
void H2Session::tell(H2StreamCore& core) {
  auto& stream = static_cast<H2StreamState&>(core);
  const bool closed = stream.closed_;  // before it is told, which may close it
  const bool last_words = closed && stream.tunnel_ && stream.fault_ == Errc::none;
  ParseStep step = take_step(stream);
  if (stream.fault_ != Errc::none) step.error = {stream.fault_};
  const bool anything = step.head || step.complete || step.error || !step.content.empty();
  const bool heard = !broken() && (!closed || last_words);
  if (heard && anything) events_.on_stream_input(stream, step);
  if (!closed) return;
  stream.waiting_.clear();
  const Errc reason = stream.fault_;
  if (reason != Errc::none && reason != Errc::client_gone) events_.on_abuse(H2Abuse::malformed);
  events_.on_stream_closed(stream, reason);
}

bool H2Session::in_order(std::int32_t stream) {
  if (stream <= newest_stream_) return stream < gap_begin_ || stream >= gap_end_;
  if (stream > newest_stream_ + 2) {
    gap_begin_ = newest_stream_ + 2;
    gap_end_ = stream;
  }
  newest_stream_ = stream;
  return true;
}

bool H2Session::count_vain_head(bool fresh) {
  if (!fresh || shutdown_finished_) {
    return meter(late_, limits::kH2LateFrames, H2Abuse::late_frames);
  }
  const bool refused = open_streams_ >= limits_.max_streams;
  return !refused || meter(resets_, limits::kH2Resets, H2Abuse::resets);
}

// --- answers ---

bool H2Session::submit_head(H2StreamState& stream, bool has_content) {
  const H2Fields& fields = shared_->fields;
  nghttp2_data_provider content;
  content.source.ptr = static_cast<H2StreamCore*>(&stream);
  content.read_callback = H2CoreCallbacks::read_content;
  stream.given_end_ = !has_content;
  stream.unframed_head_ = fields.bytes();
  return nghttp2_submit_response(session_, stream.id_, fields.data(), fields.size(),
                                 has_content ? &content : nullptr) == 0;
}

bool H2Session::send_interim(H2StreamState& stream, const ResponseHead& head) {
  if (!stream.open_ || dead_) return false;
  H2Fields& fields = shared_->fields;
  fields.set_response(head, {});
  const auto error = nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr,
                                            fields.data(), fields.size(), nullptr);
  pump();
  return error == 0 && !dead_;
}

bool H2Session::send_response(H2StreamState& stream, const ResponseHead& head,
                              std::span<const HeadEdit> edits,
                              std::span<const std::string_view> content, bool complete) {
  if (!stream.open_ || dead_) return false;
  shared_->fields.set_response(head, edits);
  const bool whole = complete && content.empty() && head.trailers().empty();
  if (!submit_head(stream, !whole)) return false;
  if (complete && !whole) end_message(stream, &head);
  send_direct(stream, content, complete);
  return !dead_;
}

bool H2Session::send_own_answer(H2StreamState& stream, const OwnAnswer& answer) {
  if (!stream.open_ || dead_) return false;
  shared_->fields.set_own_answer(answer);
  const bool has_body =
      may_tell_length(answer.status) && !answer.head_request && !answer.body.empty();
  if (!submit_head(stream, has_body)) return false;
  if (has_body) end_message(stream, nullptr);
  send_direct(stream, std::span(&answer.body, has_body ? 1 : 0), true);
  return !dead_;
}

bool H2Session::send_upgrade(H2StreamState& stream, const ResponseHead& head,
                             std::span<const HeadEdit> edits) {
  if (!stream.open_ || dead_) return false;
  shared_->fields.set_upgrade(head, edits);
  stream.tunnel_ = true;
  if (!submit_head(stream, true)) return false;
  pump();
  return !dead_;
}

// --- ends ---

void H2Session::begin_shutdown() {
  if (std::exchange(shutdown_begun_, true) || dead_) return;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
}

void H2Session::finish_shutdown() {
  shutdown_begun_ = true;
  if (std::exchange(shutdown_finished_, true) || dead_) return;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last_stream(), NGHTTP2_NO_ERROR, nullptr, 0);
}

}  // namespace weir::http
