// A client's connection that speaks another protocol than HTTP since a 101: bytes to the exchange
// and back, as they are. The exchange keeps the tunnel's deadline and its watermarks.
#include <utility>

#include "proxy/h1_downstream.h"

namespace weir::proxy {

bool H1Downstream::send_upgrade(const http::ResponseHead& head,
                                std::span<const http::HeadEdit> edits, EarlyWords& early) {
  state_ = State::tunnelling;
  keep_alive_ = false;
  disarm();
  held_.for_each_run([&early](std::string_view run) { early.bytes.append(run); });
  held_.clear();
  if (std::exchange(reading_paused_, false)) stream_->resume_reading();
  context_.out.clear();
  http::write_response_head(context_.out, head, {http::Framing::none, true, 1}, edits);
  if (!stream_->write(context_.out.view())) return false;
  written_ += context_.out.size();
  return true;
}

void H1Downstream::feed_tunnel(std::string_view bytes, bool complete) {
  http::ParseStep step;
  step.consumed = bytes.size();
  step.complete = complete;
  if (!bytes.empty()) step.content = std::span(&bytes, 1);
  active_->exchange.on_request(step);
}

bool H1Downstream::write_tunnel(std::span<const std::string_view> content, bool complete) {
  if (!content.empty() && !stream_->write(content)) return false;
  for (const std::string_view run : content) written_ += run.size();
  if (complete) stream_->finish_writing();
  return true;
}

}  // namespace weir::proxy
