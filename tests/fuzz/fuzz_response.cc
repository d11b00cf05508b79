// Responses as bytes, relayed as the proxy would, must mean the same to a second strict parser. The
// first byte of the input chooses the request's method and version; the rest is what an origin
// sends.
#include <cstddef>
#include <cstdint>

#include "fuzz/forwarded_copy.h"

namespace {

using namespace weir;
using namespace weir::http;
using namespace weir::http::fuzz;

Message message_of(const ResponseHead& head, std::string content) {
  Message message;
  message.start = std::to_string(head.status()) + " " + std::string(head.reason());
  message.content = std::move(content);
  message.fields = list(head, head.fields());
  message.trailers = list(head, head.trailers());
  return message;
}

bool never_has_content(const ResponseHead& head, Method method) {
  return head.interim() || head.status() == 204 || head.status() == 304 || method == Method::head;
}

// The responses up to the first final one, and whether it is complete.
std::vector<Message> read_all(std::string_view input, Method method, const RequestHead* relay_to,
                              Buffer* relayed, bool& ended) {
  std::vector<Message> messages;
  ResponseHead head;
  H1ResponseParser parser;
  ended = false;
  while (!ended) {
    parser.reset(head, method, relayed != nullptr ? HeadLimits() : kForwardedLimits);
    std::string content;
    if (!read_content(parser, input, content) && !parser.end_of_stream()) break;
    require(head.status() >= 100 && head.status() <= 999);
    require(!never_has_content(head, method) ||
            (content.empty() && head.framing() == Framing::none));
    drop_response_fields(head);
    messages.push_back(message_of(head, content));
    ended = !head.interim() || head.status() == 101;
    if (relayed == nullptr) continue;
    const ResponseFraming framing = response_framing(head, *relay_to, true);
    if (framing.framing != Framing::chunked) messages.back().trailers.clear();
    write_response_head(*relayed, head, framing, {});
    write_content(*relayed, framing.framing, content, head);
  }
  return messages;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const bool head_request = (data[0] & 1) != 0;
  const bool old_client = (data[0] & 2) != 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);

  RequestHead request;
  H1RequestParser parser;
  parser.reset(request, {}, UnderscorePolicy::drop);
  const std::string asked = std::string(head_request ? "HEAD" : "GET") + " / HTTP/1." +
                            (old_client ? "0" : "1") + "\r\nHost: a\r\n\r\n";
  require(parser.feed(asked).complete);

  Buffer relayed;
  bool received_end = false, seen_end = false;
  const std::vector<Message> received =
      read_all(input, request.method(), &request, &relayed, received_end);
  const std::vector<Message> seen =
      read_all(relayed.view(), request.method(), nullptr, nullptr, seen_end);
  require(received == seen);
  require(received_end == seen_end);
  return 0;
}
