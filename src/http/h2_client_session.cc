// The client's end of a session: settings, requests, what is told of their answers.
#include "http/h2_client_session.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "http/h2_client_callbacks.h"

namespace weir::http {
namespace {

// In a frame's head. A server's first frame is SETTINGS: what else comes is no HTTP/2.
constexpr std::size_t kTypeAt = 3;

}  // namespace

void H2ClientStream::clear() {
  assert(!open_link_.linked());
  H2StreamCore::clear();
  response_ = nullptr;
  ended_for_ = Errc::none;
  response_begun_ = final_ = new_block_ = fault_told_ = holds_status_ = false;
}

H2ClientSession::H2ClientSession(std::shared_ptr<H2Shared> shared, H2ClientEvents& events,
                                 const H2ClientLimits& limits, ChunkPool& chunks)
    : H2Core(std::move(shared), chunks, 0, limits.head.fields, limits::kH2EndpointGenerosity),
      events_(events),
      limits_(limits) {
  nghttp2_session_client_new2(&session_, shared_->callbacks, static_cast<H2Core*>(this),
                              shared_->option);
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.head.head_bytes)},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits_.connection_window));
}

// --- requests ---

bool H2ClientSession::may_begin() const {
  return !dead_ && !failed_ && nghttp2_session_check_request_allowed(session_) != 0;
}

std::uint32_t H2ClientSession::streams_allowed() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

bool H2ClientSession::send_request(H2ClientStream& stream, const H2Request& request,
                                   std::span<const std::string_view> content, bool complete,
                                   ResponseHead& response) {
  shared_->fields.set_request(request);
  return submit(stream, request.head->method(), content, complete, request.head, response);
}

bool H2ClientSession::send_request(H2ClientStream& stream, std::span<const H2Field> fields,
                                   Method method, std::span<const std::string_view> content,
                                   bool complete, ResponseHead& response) {
  shared_->fields.set_fields(fields);
  return submit(stream, method, content, complete, nullptr, response);
}

bool H2ClientSession::submit(H2ClientStream& stream, Method method,
                             std::span<const std::string_view> content, bool complete,
                             const Head* trailers_of, ResponseHead& response) {
  if (!may_begin()) return false;
  const H2Fields& fields = shared_->fields;
  const bool trailers = trailers_of != nullptr && !trailers_of->trailers().empty();
  const bool whole = complete && content.empty() && !trailers;
  auto* core = static_cast<H2StreamCore*>(&stream);
  nghttp2_data_provider provider;
  provider.source.ptr = core;
  provider.read_callback = H2CoreCallbacks::read_content;
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(),
                                                 whole ? nullptr : &provider, core);
  if (id < 0) return false;
  stream.id_ = id;
  stream.open_ = true;
  stream.given_end_ = whole;
  stream.unframed_head_ = fields.bytes();
  stream.response_ = &response;
  stream.method_ = method;
  open_.push_back(stream);
  ++streams_;
  if (complete && !whole) end_message(stream, trailers_of);
  send_direct(stream, content, complete);
  return true;
}

void H2ClientSession::cancel(H2ClientStream& stream) {
  stream.response_ = nullptr;
  reset(stream, H2Code::cancel);
}

H2ClientStream* H2ClientSession::find(std::int32_t id) {
  H2ClientStream* found = nullptr;
  open_.for_each([&](H2ClientStream& stream) {
    if (stream.id_ == id) found = &stream;
  });
  return found;
}

// --- what is told ---

void H2ClientSession::receive(std::string_view bytes, std::uint64_t now_ms) {
  const bool no_settings = bytes.size() > kTypeAt && bytes[kTypeAt] != NGHTTP2_SETTINGS;
  if (!begun() && no_settings) end_ = Errc::upstream_no_http2;
  H2Core::receive(bytes, now_ms);
}

// Whole answers are told though their stream is gone already, as most are.
void H2ClientSession::tell(H2StreamCore& core) {
  auto& stream = static_cast<H2ClientStream&>(core);
  const bool closed = stream.closed_;  // before it is told, which may close it: told by itself then
  ParseStep step = take_step(stream);
  if (stream.response_ != nullptr && !stream.fault_told_) {
    step.complete |= step.head && stream.response_->interim();
    if (stream.fault_ != Errc::none) {
      step.error = {stream.fault_};
      step.complete = false;
      stream.fault_told_ = true;
    }
    const bool anything = step.head || step.complete || step.error || !step.content.empty();
    if (anything) events_.on_response(stream, step);
  }
  if (!closed) return;
  stream.waiting_.clear();
  events_.on_stream_closed(stream, stream.fault_ == Errc::none ? stream.ended_for_ : stream.fault_);
}

// The stream's end, to be told. nghttp2 may come to it in more than one way.
void H2ClientSession::close(H2ClientStream& stream, Errc reason) {
  if (std::exchange(stream.closed_, true)) return;
  if (heading_ == &stream) heading_ = nullptr;
  stream.open_ = false;
  stream.ended_for_ = reason;
  stream.open_link_.unlink();
  --streams_;
  touch(stream);
}

void H2ClientSession::forget(H2ClientStream& stream) {
  H2Core::forget(stream);
  if (!stream.open_link_.linked()) return;
  stream.open_link_.unlink();
  --streams_;
}

// --- ends ---

void H2ClientSession::say_goodbye() {
  if (std::exchange(dead_, true)) return;
  append_goaway(H2Code::no_error);
}

void H2ClientSession::note_abuse(H2Abuse) {
  if (end_ == Errc::none) end_ = Errc::bad_response;
}

}  // namespace weir::http
