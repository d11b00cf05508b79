// Cutting a message at any place changes nothing: every representative message is fed in two parts
// at every point, and byte by byte.
#include <gtest/gtest.h>

#include "unit/http/parsing.h"

namespace weir::http {
namespace {

const std::string kRequests[] = {
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\nEmpty:\r\nBlank:  \t\r\nOws: \t v w \t\r\n\r\nnext",
    "GET / HTTP/1.0\r\n\r\n",
    "GET http://b:1?x HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\n\r\n\r\nabcd\r\n\r\nnext",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
    "chunked\r\n\r\n0005;a=b;c=\"d;e\"\r\n\r\n\r\nx\r\nB\r\n0123456789a"
    "\r\n0;z\r\nX-A: 1\r\nX-B:\r\nX-C:\t2 \r\n\r\nnext",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\nGET / "
    "HTTP/1.1\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeX\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nBad Field: x\r\n\r\n",
    "UNKNOWN / HTTP/1.1\r\nHost: a\r\n\r\n",
};

TEST(Splits, OfRequests) {
  for (const std::string& bytes : kRequests) {
    RequestParse parse;
    const Outcome whole = parse.run(bytes);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      ASSERT_EQ(parse.run(bytes, cut), whole) << bytes << " cut at " << cut;
    }
    for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
      ASSERT_EQ(parse.run(bytes, piece, piece), whole) << bytes << " in pieces of " << piece;
    }
  }
}

const std::string kResponses[] = {
    "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 6\r\n\r\n\r\nab\r\nHTTP",
    "HTTP/1.1 200\r\n\r\n\r\n\r\nuntil close",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\nHTTP",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n\r\nz\r\n00\r\nT: 1\r\n\r\nHTTP",
    "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nHTTP",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n\x81\x05hello",
    "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
};

TEST(Splits, OfResponses) {
  for (const std::string& bytes : kResponses) {
    ResponseParse parse;
    const Outcome whole = parse.run(bytes);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      ASSERT_EQ(parse.run(bytes, Method::get, cut), whole) << bytes << " cut at " << cut;
    }
    for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
      ASSERT_EQ(parse.run(bytes, Method::get, piece, piece), whole) << bytes << " in " << piece;
    }
  }
}

}  // namespace
}  // namespace weir::http
