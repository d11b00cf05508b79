// What a client sends behind HTTP/2's preface, in pieces whose size the first byte says: every
// request that the session accepts, written as it would be forwarded, must mean the same to a
// strict HTTP/1 parser; every tunnel that it asks for is opened and echoes; nothing is told of a
// stream after its end; what the session wants to say stays bounded.
#include <cstddef>
#include <cstdint>
#include <memory>

#include "fuzz/forwarded_copy.h"
#include "http/h2_session.h"

namespace {

using namespace weir;
using namespace weir::http;
using namespace weir::http::fuzz;

constexpr std::string_view kHello(
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    "\0\0\0\4\0\0\0\0\0"
    "\0\0\0\4\1\0\0\0\0",
    42);

struct Stream : H2StreamState {
  explicit Stream(ChunkPool& chunks) : H2StreamState(chunks) {}
  RequestHead head;
  std::string content;
  bool has_head = false;
  bool over = false;  // refused, complete or closed
  bool tunnel = false;
  bool closed = false;
};

Message message_of(const RequestHead& head, const std::string& content) {
  Message message;
  message.start = std::string(head.method_name()) + " " + std::string(head.path_and_query());
  message.host = head.authority();
  message.content = content;
  message.fields = list(head, head.fields());
  // A tunnel's are refused when they have come to their end; some of them may be here.
  if (!head.demands_tunnel()) message.trailers = list(head, head.trailers());
  return message;
}

// Both readings of a request, ours and that of whoever gets it.
void check_forwarded(RequestHead& head, const std::string& content) {
  require(!head.path_and_query().empty() && !head.authority().empty());
  require(head.method() != Method::connect && head.method() != Method::trace);
  require(head.framing() != Framing::until_close);
  require(head.framing() != Framing::length || head.content_length() == content.size());
  require(head.framing() != Framing::none || content.empty());
  drop_request_fields(head, false);
  Buffer forwarded;
  write_request_head(forwarded, head, head.path_and_query(), head.authority(), {});
  write_content(forwarded, head.framing(), content, head);
  RequestHead again;
  H1RequestParser parser;
  parser.reset(again, kForwardedLimits, UnderscorePolicy::pass);
  std::string_view rest = forwarded.view();
  std::string seen;
  require(read_content(parser, rest, seen) && rest.empty());
  require(again.keep_alive());
  require(message_of(head, content) == message_of(again, seen));
}

class Client final : public H2SessionEvents {
 public:
  Client() : session_(make_h2_shared(random_), *this, H2Limits{}, chunks_) {
    H1ResponseParser parser;
    parser.reset(switching_, Method::get, {});
    parser.feed(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    session_.receive(kHello, 1);
  }

  void sends(std::string_view bytes) {
    session_.receive(bytes, ++now_ms_);
    session_.pump();
    session_.dispatch();
    require(session_.output().size() <= 4 * limits::kH2BatchBytes);
    session_.output().clear();
  }

 private:
  std::pair<H2StreamState*, RequestHead*> on_stream_begin() override {
    streams_.push_back(std::make_unique<Stream>(chunks_));
    return {streams_.back().get(), &streams_.back()->head};
  }
  void on_stream_input(H2StreamState& state, const ParseStep& step) override {
    auto& stream = static_cast<Stream&>(state);
    require(!stream.closed);
    if (stream.over) return;
    if (step.error) {
      stream.over = true;
      if (status_of(step.error.code) != 400) answer(stream, status_of(step.error.code));
      return;
    }
    require(step.head != stream.has_head);
    stream.has_head = true;
    std::size_t bytes = 0;
    for (const std::string_view run : step.content) {
      stream.content += run;
      bytes += run.size();
    }
    session_.take(stream, bytes);
    if (step.head && stream.head.demands_tunnel()) open_tunnel(stream);
    if (stream.tunnel) {
      session_.send_content(stream, step.content, step.complete, switching_);
      return;
    }
    if (!step.complete) return;
    stream.over = true;
    check_forwarded(stream.head, stream.content);
    answer(stream, 200);
  }
  void on_stream_closed(H2StreamState& state, Errc) override {
    auto& stream = static_cast<Stream&>(state);
    require(!stream.closed && !stream.open());
    stream.over = stream.closed = true;
  }
  void on_abuse(H2Abuse) override {}

  void open_tunnel(Stream& stream) {
    check_forwarded(stream.head, "");
    stream.tunnel = true;
    session_.send_upgrade(stream, switching_, {});
  }

  void answer(Stream& stream, int status) {
    const std::string body(stream.content.size() % 3000, 'x');
    session_.send_own_answer(stream, {.status = status, .body = body, .date = "now"});
  }

  Random random_{1};
  ResponseHead switching_;
  ChunkPool chunks_;
  std::vector<std::unique_ptr<Stream>> streams_;
  H2Session session_;
  std::uint64_t now_ms_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? size : data[0];
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  Client client;
  while (!input.empty()) {
    client.sends(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
  return 0;
}
