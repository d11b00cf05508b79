// What a session sends: heads, content and trailers into frames, and frames into one queue. Content
// is framed from where the caller has it; what finds no window is copied and waits.
#include "http/h2_callbacks.h"

namespace weir::http {

bool H2Session::submit_head(H2StreamState& stream, bool has_content) {
  const H2Fields& fields = shared_->fields;
  nghttp2_data_provider content;
  content.source.ptr = &stream;
  content.read_callback = H2Callbacks::read_content;
  stream.response_ended_ = !has_content;
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
  if (complete && !whole) end_response(stream, &head);
  send_direct(stream, content, complete);
  return !dead_;
}

bool H2Session::send_content(H2StreamState& stream, std::span<const std::string_view> content,
                             bool complete, const Head& trailers_of) {
  if (!stream.open_ || dead_) return false;
  if (complete) end_response(stream, &trailers_of);
  send_direct(stream, content, complete);
  return !dead_;
}

bool H2Session::send_own_answer(H2StreamState& stream, const OwnAnswer& answer) {
  if (!stream.open_ || dead_) return false;
  shared_->fields.set_own_answer(answer);
  const bool has_body =
      may_tell_length(answer.status) && !answer.head_request && !answer.body.empty();
  if (!submit_head(stream, has_body)) return false;
  if (has_body) end_response(stream, nullptr);
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

// Trailers are kept until the content is through: nghttp2 would send them at once.
void H2Session::end_response(H2StreamState& stream, const Head* trailers_of) {
  stream.response_ended_ = true;
  if (trailers_of == nullptr) return;
  for (const Field& field : trailers_of->trailers()) {
    if (field.dropped) continue;
    stream.trailers_.append(trailers_of->name(field));
    stream.trailers_.append('\n');
    stream.trailers_.append(trailers_of->value(field));
    stream.trailers_.append('\n');
  }
}

void H2Session::submit_trailers(H2StreamState& stream) {
  H2Fields& fields = shared_->fields;
  fields.set_lines(stream.trailers_.view());
  nghttp2_submit_trailer(session_, stream.id_, fields.data(), fields.size());
  stream.trailers_.clear();
}

void H2Session::send_direct(H2StreamState& stream, std::span<const std::string_view> content,
                            bool complete) {
  stream.direct_ = content;
  stream.direct_bytes_ = 0;
  for (const std::string_view run : content) stream.direct_bytes_ += run.size();
  if (stream.deferred_ && (stream.direct_bytes_ > 0 || complete)) {
    stream.deferred_ = false;
    nghttp2_session_resume_data(session_, stream.id_);
  }
  pump();
  for (; !stream.direct_.empty(); stream.direct_ = stream.direct_.subspan(1)) {
    stream.waiting_.append(stream.direct_.front().substr(stream.direct_skip_));
    stream.direct_skip_ = 0;
  }
  stream.direct_bytes_ = 0;
}

// Moves so much of a stream's content behind the DATA frame's header that was just written.
void H2Session::frame_content(H2StreamState& stream, std::size_t bytes) {
  stream.framed_ += bytes + kH2FrameHead;
  while (bytes > 0 && !stream.waiting_.empty()) {
    const std::string_view run = stream.waiting_.front().substr(0, bytes);
    output_.append(run);
    bytes -= run.size();
    stream.waiting_.consume(run.size());
  }
  stream.direct_bytes_ -= bytes;
  while (bytes > 0) {
    const std::string_view all = stream.direct_.front();
    const std::string_view run = all.substr(stream.direct_skip_, bytes);
    output_.append(run);
    bytes -= run.size();
    stream.direct_skip_ += run.size();
    if (stream.direct_skip_ < all.size()) continue;
    stream.direct_ = stream.direct_.subspan(1);
    stream.direct_skip_ = 0;
  }
}

void H2Session::pump(std::size_t most) {
  output_most_ = most;
  while (!dead_ && !held_ && output_.size() < most) {
    const std::uint8_t* frame = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &frame);
    if (size < 0) return fail(static_cast<int>(size));
    if (size == 0) return;
    output_.append({reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size)});
  }
}

}  // namespace weir::http
