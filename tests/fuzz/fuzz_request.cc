// Requests as bytes, forwarded as the proxy would, must mean the same to a second strict parser: as
// many requests, each with the same method, target, host, fields and content. What was refused
// never reaches it.
#include <cstddef>
#include <cstdint>

#include "fuzz/forwarded_copy.h"

namespace {

using namespace weir;
using namespace weir::http;
using namespace weir::http::fuzz;

Message message_of(const RequestHead& head, std::string content) {
  Message message;
  message.start = std::string(head.method_name()) + " " + std::string(head.path_and_query());
  message.host = head.authority();
  message.content = std::move(content);
  message.fields = list(head, head.fields());
  message.trailers = list(head, head.trailers());
  return message;
}

void check_head(const RequestHead& head) {
  require(head.head_bytes() <= limits::kHeadBytes);
  require(head.fields().size() + head.trailers().size() <= limits::kFields);
  require(head.target().size() <= limits::kTargetBytes);
  require(!head.path_and_query().empty());
  require(head.path_and_query().front() == '/' || head.path_and_query() == "*");
  require(head.minor_version() == 0 || !head.authority().empty());
  require(head.method() != Method::connect && head.method() != Method::trace);
}

// All requests of `input` that a strict parser accepts; writes each to `forwarded` when that is not
// null.
std::vector<Message> read_all(std::string_view input, Buffer* forwarded) {
  std::vector<Message> messages;
  RequestHead head;
  H1RequestParser parser;
  while (!input.empty()) {
    if (forwarded != nullptr) {
      parser.reset(head, {}, UnderscorePolicy::drop);
    } else {
      parser.reset(head, kForwardedLimits, UnderscorePolicy::pass);
    }
    std::string content;
    if (!read_content(parser, input, content)) break;
    if (forwarded != nullptr) check_head(head);
    require(head.framing() != Framing::until_close);
    drop_request_fields(head, false);
    messages.push_back(message_of(head, content));
    const bool last = !head.keep_alive();
    if (forwarded != nullptr) {
      if (head.authority().empty()) messages.back().host = "origin";
      write_request_head(*forwarded, head, head.path_and_query(), messages.back().host, {});
      write_content(*forwarded, head.framing(), content, head);
      if (last) break;  // nothing is taken after a closing request
    } else {
      require(head.keep_alive());  // Connection: close is the client's affair
    }
  }
  return messages;
}

// The same with the proxy's edits: must be accepted, once, and carry ours.
void check_edited(std::string_view input) {
  RequestHead head;
  H1RequestParser parser;
  parser.reset(head, {}, UnderscorePolicy::drop);
  std::string content;
  if (!read_content(parser, input, content)) return;
  Buffer scratch, out;
  EditList edits;
  Random random(1);
  const bool trusted = content.size() % 2 == 1;
  client_address(head, {}, {});
  drop_request_fields(head, trusted);
  add_forwarding_edits(head, {.peer = {}, .peer_is_trusted = trusted, .tls = false}, random,
                       scratch, edits);
  write_request_head(out, head, head.path_and_query(), "origin", edits.edits());
  RequestHead again;
  parser.reset(again, kForwardedLimits, UnderscorePolicy::pass);
  const ParseStep step = parser.feed(out.view());
  require(step.head && !step.error);
  require(step.consumed == out.size());
  require(again.framing() == head.framing() && again.content_length() == head.content_length());
  require(again.host() == "origin");
  for (const FieldId id : {FieldId::x_forwarded_for, FieldId::x_request_id, FieldId::traceparent}) {
    require(!again.value_of(id).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Buffer forwarded;
  const std::vector<Message> accepted = read_all(input, &forwarded);
  const std::vector<Message> seen = read_all(forwarded.view(), nullptr);
  require(accepted == seen);
  check_edited(input);
  return 0;
}
