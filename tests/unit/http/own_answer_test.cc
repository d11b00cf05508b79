// The proxy's own answers: complete messages that the response parser takes, with content only
// where it may be.
#include <gtest/gtest.h>

#include "http/date.h"
#include "http/h1_writer.h"
#include "unit/http/parsing.h"

namespace weir::http {
namespace {

std::string written(const OwnAnswer& answer) {
  Buffer out;
  write_own_answer(out, answer);
  return std::string(out.view());
}

TEST(OwnAnswer, HasEverythingInOrder) {
  const HeadEdit fields[] = {
      {EditKind::add, FieldId::proxy_status, "Proxy-Status", "weir; error=dns_error"}};
  EXPECT_EQ(written({.status = 502,
                     .body = "no\n",
                     .fields = fields,
                     .keep_alive = true,
                     .date = "Sun, 06 Nov 1994 08:49:37 GMT"}),
            "HTTP/1.1 502 Bad Gateway\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n"
            "Proxy-Status: weir; error=dns_error\r\n\r\nno\n");
}

TEST(OwnAnswer, SaysWhetherTheConnectionStays) {
  EXPECT_EQ(written({.status = 404}),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(written({.status = 404, .keep_alive = true}),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(written({.status = 404, .keep_alive = true, .client_minor_version = 0}),
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(OwnAnswer, TellsTheLengthToHeadAndNothingTo204) {
  EXPECT_EQ(
      written({.status = 200, .body = "four", .head_request = true, .keep_alive = true}),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(written({.status = 204, .body = "x", .keep_alive = true}),
            "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(written({.status = 304, .body = "x", .keep_alive = true}),
            "HTTP/1.1 304 Not Modified\r\n\r\n");
  EXPECT_EQ(written({.status = 100, .keep_alive = true}), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST(OwnAnswer, EveryErrorMakesAValidAnswer) {
  for (int code = 1; code <= static_cast<int>(Errc::system); ++code) {
    const int status = status_of(static_cast<Errc>(code));
    if (status == 0) continue;
    EXPECT_NE(reason_phrase(status), "Unknown") << status;
    ResponseParse parse;
    EXPECT_TRUE(parse.run(written({.status = status, .body = "x"})).complete) << status;
    EXPECT_EQ(parse.head.status(), status);
  }
  EXPECT_EQ(reason_phrase(799), "Unknown");
}

TEST(Date, IsImfFixdate) {
  DateText text;
  EXPECT_EQ(format_date(784111777, text), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0, text), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(-1, text), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(951782400, text), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(format_date(1767225599, text), "Wed, 31 Dec 2025 23:59:59 GMT");
  EXPECT_EQ(format_date(253402300799, text), "Fri, 31 Dec 9999 23:59:59 GMT");
}

}  // namespace
}  // namespace weir::http
