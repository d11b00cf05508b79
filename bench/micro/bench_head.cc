// What a head costs: parsed, cleaned and given its forwarding fields, written again. A browser's
// request and an application's answer; nothing allocates once warm.
#include <benchmark/benchmark.h>

#include <string>

#include "base/random.h"
#include "http/forwarding.h"
#include "http/h1_parser.h"
#include "http/h1_writer.h"

namespace weir::http {
namespace {

const std::string kRequest =
    "GET /catalogue/garden/chairs?page=3&sort=price HTTP/1.1\r\nHost: shop.example.com\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 "
    "Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-GB,en;q=0.7\r\nAccept-Encoding: gzip, deflate, br\r\n"
    "Cookie: sid=7f3c9a52e1d84b06a1c2d3e4f5061728; theme=dark\r\nConnection: keep-alive\r\n\r\n";
const std::string kResponse =
    "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/html\r\n"
    "Content-Length: 5\r\nCache-Control: private\r\nETag: \"7f3c\"\r\n\r\nhello";

void parse_request(benchmark::State& state) {
  RequestHead head;
  H1RequestParser parser;
  for (auto _ : state) {
    parser.reset(head, {}, UnderscorePolicy::drop);
    benchmark::DoNotOptimize(parser.feed(kRequest));
  }
}
BENCHMARK(parse_request);

void parse_response(benchmark::State& state) {
  ResponseHead head;
  H1ResponseParser parser;
  for (auto _ : state) {
    parser.reset(head, Method::get, {});
    benchmark::DoNotOptimize(parser.feed(kResponse));
  }
}
BENCHMARK(parse_response);

// Everything between the parsed head and the bytes for the origin.
void rewrite_request_head(benchmark::State& state) {
  RequestHead head;
  H1RequestParser parser;
  parser.reset(head, {}, UnderscorePolicy::drop);
  parser.feed(kRequest);
  Random random(1);
  Buffer values;
  Buffer out;
  EditList edits;
  const Origin origin{.peer = *parse_ip("203.0.113.77")};
  for (auto _ : state) {
    values.clear();
    out.clear();
    edits.clear();
    drop_request_fields(head, false);
    add_forwarding_edits(head, origin, random, values, edits);
    write_request_head(out, head, head.path_and_query(), head.authority(), edits.edits());
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(rewrite_request_head);

void rewrite_response_head(benchmark::State& state) {
  RequestHead request;
  H1RequestParser request_parser;
  request_parser.reset(request, {}, UnderscorePolicy::drop);
  request_parser.feed(kRequest);
  ResponseHead head;
  H1ResponseParser parser;
  parser.reset(head, Method::get, {});
  parser.feed(kResponse);
  Buffer out;
  EditList edits;
  for (auto _ : state) {
    out.clear();
    edits.clear();
    drop_response_fields(head);
    add_response_edits(head, edits);
    write_response_head(out, head, response_framing(head, request, true), edits.edits());
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(rewrite_response_head);

}  // namespace
}  // namespace weir::http
