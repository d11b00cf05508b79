// What an endpoint sends behind its SETTINGS on an HTTP/2 connection with three requests, in pieces
// whose size the first byte says: every answer that the session tells whole, written as a client of
// HTTP/1 would get it, must mean the same to a strict parser; nothing is told behind an end; what
// the session wants to say stays bounded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "fuzz/forwarded_copy.h"
#include "http/h2_client_session.h"

namespace {

using namespace weir;
using namespace weir::http;
using namespace weir::http::fuzz;

constexpr std::string_view kSettings(
    "\0\0\0\4\0\0\0\0\0"
    "\0\0\0\4\1\0\0\0\0",
    18);

struct Asked : H2ClientStream {
  Asked(ChunkPool& chunks, Method its_method) : H2ClientStream(chunks), method(its_method) {}
  const Method method;
  ResponseHead head;
  std::string content;
  bool has_head = false;
  bool over = false;  // complete, malformed or closed
  bool closed = false;
};

Message message_of(const ResponseHead& head, const std::string& content) {
  Message message;
  message.start = std::to_string(head.status());
  message.content = content;
  message.fields = list(head, head.fields());
  message.trailers = list(head, head.trailers());
  return message;
}

// Both readings of an answer, ours and that of whoever gets it.
void check_relayed(Asked& asked) {
  ResponseHead& head = asked.head;
  require(head.status() >= 100 && head.status() <= 999 && head.status() != 101);
  require(head.framing() != Framing::until_close && head.keep_alive());
  require(head.framing() != Framing::length || head.content_length() == asked.content.size());
  require(head.framing() != Framing::none || asked.content.empty());
  drop_response_fields(head);
  RequestHead request;
  H1RequestParser request_parser;
  request_parser.reset(request, {}, UnderscorePolicy::pass);
  request_parser.feed(asked.method == Method::head ? "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                                                   : "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  Buffer relayed;
  const ResponseFraming framing = response_framing(head, request, true);
  write_response_head(relayed, head, framing, {});
  write_content(relayed, framing.framing, asked.content, head);
  ResponseHead again;
  H1ResponseParser parser;
  parser.reset(again, asked.method, kForwardedLimits);
  std::string_view rest = relayed.view();
  std::string seen;
  require(read_content(parser, rest, seen) && rest.empty());
  Message ours = message_of(head, asked.content);
  if (framing.framing != Framing::chunked) ours.trailers.clear();
  require(ours == message_of(again, seen));
}

class Endpoint final : public H2ClientEvents {
 public:
  Endpoint() : session_(make_h2_client_shared(), *this, H2ClientLimits{}, chunks_) {
    ask("GET", Method::get, true);
    ask("HEAD", Method::head, true);
    ask("POST", Method::post, false);
    sends(kSettings);
  }

  void sends(std::string_view bytes) {
    session_.receive(bytes, ++now_ms_);
    session_.pump();
    session_.dispatch();
    require(session_.output().size() <= 4 * limits::kH2BatchBytes);
    session_.output().clear();
  }

 private:
  void ask(std::string_view name, Method method, bool complete) {
    asked_.push_back(std::make_unique<Asked>(chunks_, method));
    const H2Field fields[] = {{":method", name}, {":scheme", "http"}, {":path", "/"}};
    const std::string_view content[] = {"some"};
    require(session_.send_request(*asked_.back(), fields, method,
                                  std::span(content, complete ? 0 : 1), complete,
                                  asked_.back()->head));
  }
  void on_response(H2ClientStream& state, const ParseStep& step) override {
    auto& asked = static_cast<Asked&>(state);
    require(!asked.over && !(step.complete && step.error));
    if (step.error) {
      asked.over = true;
      return;
    }
    require(step.head != asked.has_head);
    const bool interim = step.head && asked.head.interim();
    require(!interim || (step.complete && step.content.empty()));
    asked.has_head = !interim;
    std::size_t bytes = 0;
    for (const std::string_view run : step.content) {
      require(!run.empty());
      asked.content += run;
      bytes += run.size();
    }
    session_.take(asked, bytes);
    if (!step.complete) return;
    asked.over = !interim;
    check_relayed(asked);
  }
  void on_stream_closed(H2ClientStream& state, Errc reason) override {
    auto& asked = static_cast<Asked&>(state);
    require(!asked.closed && !asked.open());
    require(reason != Errc::none || asked.over);
    require(reason != Errc::upstream_refused || !asked.response_begun());
    asked.over = asked.closed = true;
  }

  ChunkPool chunks_;
  std::vector<std::unique_ptr<Asked>> asked_;
  H2ClientSession session_;
  std::uint64_t now_ms_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = data[0] == 0 ? size : data[0];
  std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  Endpoint endpoint;
  while (!input.empty()) {
    endpoint.sends(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
  return 0;
}
