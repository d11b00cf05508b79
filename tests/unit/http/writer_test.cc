// Heads as they are written: order and case kept, edits applied, framing and Connection our own.
// What is written must pass the strict parser again.
#include <gtest/gtest.h>

#include "http/forwarding.h"
#include "http/h1_writer.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

HeadEdit edit(EditKind kind, std::string_view name, std::string_view value = {}) {
  return {kind, field_id(name), name, value};
}

struct RequestCase {
  std::string received;
  std::vector<HeadEdit> edits;
  std::string host;
  std::string written;
};

std::string write_request(RequestParse& parse, const RequestCase& c) {
  EXPECT_TRUE(parse.run(c.received).head) << c.received;
  drop_request_fields(parse.head, false);
  Buffer out;
  write_request_head(out, parse.head, parse.head.path_and_query(), c.host, c.edits);
  return std::string(out.view());
}

const RequestCase kRequestCases[] = {
    // as received
    {"GET /a?b HTTP/1.1\r\nhOST: a\r\nB: 2\r\na: 1\r\n\r\n",
     {},
     "a",
     "GET /a?b HTTP/1.1\r\nhOST: a\r\nB: 2\r\na: 1\r\n\r\n"},
    // white space is made regular
    {"GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY:\t1 \r\nZ:  2\r\nW: 3\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nX: \r\nY: 1\r\nZ: 2\r\nW: 3\r\n\r\n"},
    // the host replaces Host where it stood
    {"GET / HTTP/1.1\r\nX: 1\r\nHost: a\r\nY: 2\r\n\r\n",
     {},
     "b:8080",
     "GET / HTTP/1.1\r\nX: 1\r\nHost: b:8080\r\nY: 2\r\n\r\n"},
    {"GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n", {}, "", "GET /x HTTP/1.1\r\nHost: b\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
     {edit(EditKind::set, "host", "c")},
     "b",
     "GET / HTTP/1.1\r\nHost: c\r\n\r\n"},
    // HTTP/1.0 becomes HTTP/1.1 with a Host
    {"GET / HTTP/1.0\r\nX: 1\r\n\r\n",
     {},
     "origin",
     "GET / HTTP/1.1\r\nHost: origin\r\nX: 1\r\n\r\n"},
    {"GET / HTTP/1.0\r\n\r\n", {}, "", "GET / HTTP/1.1\r\nHost: \r\n\r\n"},
    // hop-by-hop and nominated fields
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: 5\r\nX-Hop: "
     "1\r\nX: 2\r\n"
     "Proxy-Connection: x\r\nTE: deflate\r\nUpgrade: x\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nX: 2\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nTE: trailers, x\r\nConnection: TE\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nTE: "
     "trailers\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nTE: trailers\r\nConnection: upgrade, "
     "TE\r\n\r\n"},
    // an upgrade the route does not allow is not announced
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
     {edit(EditKind::remove, "Upgrade")},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: "
     "h2c\r\nHTTP2-Settings: x\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    // framing
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\nX: 1\r\n\r\n",
     {},
     "",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 007\r\nX: 1\r\n\r\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n",
     {},
     "",
     "POST / HTTP/1.1\r\nHost: a\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
     {},
     "",
     "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"},
    // edits
    {"GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nVia: 1.1 b\r\nY: 3\r\n\r\n",
     {edit(EditKind::set, "X-ONE", "new"), edit(EditKind::add, "Via", "1.1 weir"),
      edit(EditKind::remove, "y"), edit(EditKind::set, "Z", "9")},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 b\r\nX-ONE: new\r\nVia: 1.1 weir\r\nZ: 9\r\n\r\n"},
    // the later edit of a name wins, what is added after it stays
    {"GET / HTTP/1.1\r\nHost: a\r\nX: 0\r\n\r\n",
     {edit(EditKind::add, "X", "1"), edit(EditKind::set, "x", "2"), edit(EditKind::add, "X", "3"),
      edit(EditKind::add, "X", "4"), edit(EditKind::set, "Cookie", "c"),
      edit(EditKind::remove, "cookie")},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\nx: 2\r\nX: 3\r\nX: 4\r\n\r\n"},
    // framing and Connection are not for edits
    {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
     {edit(EditKind::remove, "content-length"), edit(EditKind::add, "Transfer-Encoding", "chunked"),
      edit(EditKind::set, "Connection", "x")},
     "",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"},
    {"GET / HTTP/1.1\r\nHost: a\r\nx_forwarded_for: 1\r\nX-Forwarded-Server: s\r\nForwarded: "
     "for=1\r\nX-Real-IP: 1\r\n\r\n",
     {},
     "",
     "GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
};

TEST(RequestWriter, Table) {
  for (const RequestCase& c : kRequestCases) {
    RequestParse parse, again;
    const std::string written = write_request(parse, c);
    EXPECT_EQ(written, c.written);
    // Without any Host to send, the origin decides about the empty one.
    const bool has_host = !c.written.ends_with("Host: \r\n\r\n");
    EXPECT_EQ(again.run(written).head, has_host) << written;
  }
}

TEST(RequestWriter, AppendsToWhatIsThere) {
  RequestParse parse;
  ASSERT_TRUE(parse.run("GET / HTTP/1.1\r\nHost: a\r\n\r\n").complete);
  Buffer out;
  out.append("before");
  write_request_head(out, parse.head, "/other", "a", {});
  EXPECT_EQ(out.view(), "beforeGET /other HTTP/1.1\r\nHost: a\r\n\r\n");
}

struct ResponseCase {
  std::string received;
  std::string request;
  bool keep_alive;
  Framing framing;
  std::string written;
};

const std::string kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kHead = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kOld = "GET / HTTP/1.0\r\n\r\n";
const std::string kOldKept = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

TEST(ResponseWriter, Table) {
  const ResponseCase cases[] = {
      {"HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 1\r\n\r\n", kGet, true, Framing::length,
       "HTTP/1.1 200 Fine\r\nServer: x\r\nContent-Length: 1\r\n\r\n"},
      {"HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\n", kGet, false, Framing::length,
       "HTTP/1.1 200 \r\nContent-Length: 1\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n", kGet, true, Framing::chunked,
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX: 1\r\n\r\n", kGet, true,
       Framing::chunked, "HTTP/1.1 200 OK\r\nX: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", kOldKept, true,
       Framing::until_close, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", kOldKept, true, Framing::length,
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", kOld, true, Framing::length,
       "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", kHead, true, Framing::none,
       "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", kHead, true, Framing::none,
       "HTTP/1.1 200 OK\r\n\r\n"},
      {"HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n", kGet, true, Framing::none,
       "HTTP/1.1 204 No\r\n\r\n"},
      {"HTTP/1.1 304 Not\r\nContent-Length: 7\r\nConnection: X-Y\r\nX-Y: 1\r\nKeep-Alive: "
       "1\r\n\r\n",
       kGet, true, Framing::none, "HTTP/1.1 304 Not\r\nContent-Length: 7\r\n\r\n"},
      {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", kGet, false, Framing::none,
       "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n"},
      {"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", kGet, true,
       Framing::none, "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"},
      {"HTTP/1.1 426 Upgrade\r\nConnection: upgrade, close\r\nUpgrade: x\r\nContent-Length: "
       "0\r\n\r\n",
       kGet, false, Framing::length,
       "HTTP/1.1 426 Upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\nConnection: upgrade, "
       "close\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n", kGet, true, Framing::length,
       "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
  };
  for (const ResponseCase& c : cases) {
    RequestParse request;
    ASSERT_TRUE(request.run(c.request).complete);
    ResponseParse parse, again;
    ASSERT_TRUE(parse.run(c.received, request.head.method()).head) << c.received;
    drop_response_fields(parse.head);
    const ResponseFraming framing = response_framing(parse.head, request.head, c.keep_alive);
    EXPECT_EQ(framing.framing, c.framing) << c.received;
    Buffer out;
    write_response_head(out, parse.head, framing, {});
    EXPECT_EQ(out.view(), c.written);
    EXPECT_TRUE(again.run(out.view(), request.head.method()).head) << out.view();
  }
}

TEST(ResponseWriter, EditsCannotTouchFraming) {
  ResponseParse parse;
  ASSERT_TRUE(parse.run("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: x\r\n\r\n").complete);
  const HeadEdit edits[] = {
      edit(EditKind::set, "Content-Length", "5"), edit(EditKind::remove, "server"),
      edit(EditKind::set, "Connection", "x"), edit(EditKind::add, "Via", "1.1 weir")};
  Buffer out;
  write_response_head(out, parse.head, {.framing = Framing::length}, edits);
  EXPECT_EQ(out.view(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVia: 1.1 weir\r\n\r\n");
}

TEST(ChunkWriter, SizesAndTheLastChunk) {
  Buffer out;
  write_chunk_size(out, 1);
  write_chunk_size(out, 0x1a2b);
  write_chunk_size(out, ~std::uint64_t{0});
  EXPECT_EQ(out.view(), "1\r\n1a2b\r\nffffffffffffffff\r\n");
  out.clear();
  write_last_chunk(out, nullptr);
  EXPECT_EQ(out.view(), "0\r\n\r\n");
  RequestParse parse;
  ASSERT_TRUE(parse
                  .run(request_with("Transfer-Encoding: chunked\r\n",
                                    "0\r\nX: 1\r\nHost: evil\r\nY:\r\n\r\n"))
                  .complete);
  out.clear();
  write_last_chunk(out, &parse.head);
  EXPECT_EQ(out.view(), "0\r\nX: 1\r\nY: \r\n\r\n");
}

}  // namespace
}  // namespace weir::http
