// The second message on a connection costs no allocation: parsed, forwarded and written with memory
// that is kept. Counts every call of operator new in this program.
#include <gtest/gtest.h>

#include "http/forwarding.h"
#include "support/allocation_count.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

TEST(Allocations, NoneForTheSecondExchange) {
  const std::string request = request_with(
      "User-Agent: x\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: "
      "chunked\r\n",
      "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
  const std::string response =
      "HTTP/1.1 200 OK\r\nServer: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: "
      "1\r\n\r\n";
  RequestHead request_head;
  ResponseHead response_head;
  H1RequestParser request_parser;
  H1ResponseParser response_parser;
  Random random(1);
  Buffer out, scratch;
  EditList edits;
  const auto exchange = [&] {
    out.clear();
    scratch.clear();
    edits.clear();
    request_parser.reset(request_head, {}, UnderscorePolicy::drop);
    bool complete = request_parser.feed(request).complete;
    drop_request_fields(request_head, false);
    add_forwarding_edits(request_head, {}, random, scratch, edits);
    write_request_head(out, request_head, request_head.path_and_query(), {}, edits.edits());
    write_last_chunk(out, &request_head);
    edits.clear();
    response_parser.reset(response_head, Method::post, {});
    complete &= response_parser.feed(response).complete;
    drop_response_fields(response_head);
    add_response_edits(response_head, edits);
    write_response_head(out, response_head, response_framing(response_head, request_head, true),
                        edits.edits());
    return complete;
  };
  const std::size_t at_start = test::allocations();
  EXPECT_TRUE(exchange());
  const std::size_t after_first = test::allocations();
  EXPECT_GT(after_first, at_start);
  EXPECT_TRUE(exchange());
  EXPECT_EQ(test::allocations(), after_first);
}

}  // namespace
}  // namespace weir::http
