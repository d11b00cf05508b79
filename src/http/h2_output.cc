// What a session sends: content and trailers into frames, and frames into one queue. Content is
// framed from where the caller has it; what finds no window is copied and waits.
#include "http/h2_core_callbacks.h"

namespace weir::http {

bool H2Core::send_content(H2StreamCore& stream, std::span<const std::string_view> content,
                          bool complete, const Head& trailers_of) {
  if (!stream.open_ || dead_) return false;
  if (complete) end_message(stream, &trailers_of);
  send_direct(stream, content, complete);
  return !dead_;
}

// Trailers are kept until the content is through: nghttp2 would send them at once.
void H2Core::end_message(H2StreamCore& stream, const Head* trailers_of) {
  stream.given_end_ = true;
  if (trailers_of == nullptr) return;
  for (const Field& field : trailers_of->trailers()) {
    if (field.dropped) continue;
    stream.trailers_.append(trailers_of->name(field));
    stream.trailers_.append('\n');
    stream.trailers_.append(trailers_of->value(field));
    stream.trailers_.append('\n');
  }
}

void H2Core::submit_trailers(H2StreamCore& stream) {
  H2Fields& fields = shared_->fields;
  fields.set_lines(stream.trailers_.view());
  nghttp2_submit_trailer(session_, stream.id_, fields.data(), fields.size());
  stream.trailers_.clear();
}

void H2Core::send_direct(H2StreamCore& stream, std::span<const std::string_view> content,
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
void H2Core::frame_content(H2StreamCore& stream, std::size_t bytes) {
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

void H2Core::pump(std::size_t most) {
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
