// A stream of HTTP/2 that is a tunnel (RFC 8441): DATA to the exchange and back, END_STREAM as one
// side's end. The client may send before it knows the answer; that waits here until there is one.
// The exchange keeps the tunnel's deadline and its watermarks; no other deadline of a stream goes
// for it.
#include <utility>

#include "proxy/h2_downstream.h"
#include "proxy/h2_stream.h"

namespace weir::proxy {

// To the exchange the request is whole with its head, as an Upgrade of HTTP/1 is. The window stays
// as it is, so that no more than one comes.
void H2Stream::ask_for_tunnel(const http::ParseStep& step) {
  for (const std::string_view run : step.content) early_.append(run);
  if (!step.head) return;
  http::ParseStep head;
  head.head = head.complete = true;
  active_->exchange.on_request(head);
}

bool H2Stream::send_upgrade(const http::ResponseHead& head, std::span<const http::HeadEdit> edits,
                            EarlyWords& early) {
  tunnel_ = Tunnel::open;
  disarm();
  early_.for_each_run([&early](std::string_view run) { early.bytes.append(run); });
  early_.clear();
  early.complete = request_ended_;
  open_window();
  return sent(connection_->session().send_upgrade(*this, head, edits));
}

// Has anything gone out since the last look, or could it? A turn in which only other streams moved
// is no sign of life.
bool H2Stream::tunnel_moved() {
  const bool moved = framed_bytes() != std::exchange(last_taken_, framed_bytes());
  return moved || active_->exchange.response_paused();
}

}  // namespace weir::proxy
