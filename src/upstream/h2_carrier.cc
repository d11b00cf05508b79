// A request's way out and its answer's way in, and when the carrier is free again: when neither the
// lease nor the session needs it.
#include "upstream/h2_carrier.h"

#include <cassert>
#include <utility>

#include <weir/limits.h>

#include "upstream/h2_connection.h"
#include "upstream/h2_toolbox.h"

namespace weir::upstream {

H2Carrier::~H2Carrier() {
  assert(!leased_ && over_);
}

void H2Carrier::begin(H2Connection& connection, bool reused) {
  connection_ = &connection;
  leased_ = true;
  reused_ = reused;
}

void H2Carrier::end() {
  assert(!leased_ && over_);
  link_.unlink();
  waiting_link_.unlink();
  connection_ = nullptr;
  events_ = nullptr;
  response_ = nullptr;
  untaken_ = 0;
  sent_at_ = 0;
  interim_answers_ = 0;
  paused_ = was_high_ = false;
  clear();
}

// --- the request ---

void H2Carrier::begin_exchange(http::ResponseHead& response, ResponseEvents& events) {
  assert(leased_ && over_ && events_ == nullptr);
  events_ = &events;
  response_ = &response;
}

bool H2Carrier::send_request(const OutgoingRequest& request,
                             std::span<const std::string_view> content, bool complete,
                             http::ResponseHead& response, ResponseEvents& events) {
  begin_exchange(response, events);
  const http::H2Request out{.head = request.head,
                            .scheme = connection_->scheme(),
                            .path = request.path,
                            .host = request.host,
                            .edits = request.edits};
  return sent(connection_->session().send_request(*this, out, content, complete, response));
}

bool H2Carrier::send_content(const http::RequestHead& head,
                             std::span<const std::string_view> content, bool complete) {
  if (over_) return false;
  return sent(connection_->session().send_content(*this, content, complete, head));
}

bool H2Carrier::send_composed(std::string_view head, http::Method, const ChunkQueue* content,
                              http::ResponseHead& response, ResponseEvents& events) {
  begin_exchange(response, events);
  http::ComposedRequest& composed = connection_->toolbox().composed();
  if (!composed.read_head(head)) return false;
  const http::RequestHead& request = composed.head();
  http::H2ClientSession& session = connection_->session();
  const http::H2Request out{.head = &request,
                            .scheme = connection_->scheme(),
                            .path = request.path_and_query(),
                            .host = request.authority(),
                            .edits = {}};
  bool well = sent(session.send_request(*this, out, {}, composed.complete(), response));
  if (well && content != nullptr) {
    content->for_each_run([&](std::string_view run) {
      well = well && composed.read_content(run, [&](auto runs, bool complete) {
        session.send_content(*this, runs, complete, request);
      });
    });
    note_waiting();
  }
  composed.clear();
  return well;
}

bool H2Carrier::sent(bool well) {
  if (!well) return false;
  if (std::exchange(over_, false)) sent_at_ = connection_->now();
  connection_->on_framed();
  note_waiting();
  return true;
}

void H2Carrier::note_waiting() {
  const std::size_t waiting = waiting_bytes();
  if (waiting > limits::kHighWatermark) was_high_ = true;
  if (waiting == 0) {
    waiting_link_.unlink();
  } else if (!waiting_link_.linked()) {
    connection_->waiting().push_back(*this);
  }
}

void H2Carrier::on_output_moved() {
  note_waiting();
  const bool none = pending_bytes() == 0;
  const bool low = was_high_ && pending_bytes() <= limits::kLowWatermark;
  if (!none && !low) return;
  was_high_ = false;
  if (events_ != nullptr) events_->on_upstream_drained();
}

// --- the answer ---

void H2Carrier::on_input(http::ParseStep step) {
  if (events_ == nullptr) return;
  for (const std::string_view run : step.content) untaken_ += run.size();
  const bool interim = step.head && response_->interim();
  if (interim && ++interim_answers_ > limits::kInterimResponses) {
    step.error = {Errc::too_many_interim};
  }
  events_->on_response(step);
  if (events_ != nullptr && !paused_) open_window();
}

// Content that the exchange took may be followed by as much; while it is paused, by none.
void H2Carrier::open_window() {
  if (untaken_ == 0) return;
  connection_->session().take(*this, std::exchange(untaken_, 0));
  connection_->ask_flush();
}

void H2Carrier::resume_reading() {
  paused_ = false;
  if (!over_) open_window();
}

// --- ends ---

void H2Carrier::on_over(Error error) {
  over_ = true;
  waiting_link_.unlink();
  if (!leased_) {
    connection_->recycle(*this);
    return;
  }
  ResponseEvents* events = std::exchange(events_, nullptr);
  if (events == nullptr || !error) return;
  if (error.code == Errc::upstream_reset && response_begun()) error = {Errc::upstream_truncated};
  events->on_response_cut(error);
}

// Which is no race with an idle connection's end: the endpoint has looked at the request.
void H2Carrier::on_stream_over(Errc reason) {
  reused_ = false;
  on_over({reason});
}

void H2Carrier::give_back() {
  leased_ = false;
  events_ = nullptr;
  if (over_) {
    connection_->recycle(*this);
  } else {
    connection_->abandon(*this);
  }
}

}  // namespace weir::upstream
