// What is told to the next hop: fields that are dropped, set, appended and passed, from trusted and
// other peers.
#include "http/forwarding.h"

#include <gtest/gtest.h>

#include <map>

#include "unit/http/parsing.h"

namespace weir::http {
namespace {

constexpr std::string_view kTrace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr std::string_view kTraceId = "0af7651916cd43dd8448eb211c80319c";

struct Forwarded {
  RequestParse parse;
  EditList edits;
  Buffer scratch;
  ForwardedIds ids;
  std::string written;

  // All values of a field in what goes to the origin, joined with '|'; "-" when it is absent.
  std::string value(std::string_view name) const {
    RequestParse again;
    EXPECT_TRUE(again.run(written).head) << written;
    std::string all;
    for (const Field& field : again.head.fields()) {
      if (!ascii_equal(again.head.name(field), name)) continue;
      all += all.empty() ? "" : "|";
      all += again.head.value(field);
    }
    return all.empty() ? "-" : all;
  }
  static bool ascii_equal(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](char x, char y) { return std::tolower(x) == std::tolower(y); });
  }
};

struct Peer {
  std::string_view address = "192.0.2.1";
  bool trusted = false;
  bool tls = false;
};

void forward(Forwarded& forwarded, const std::string& bytes, const Peer& peer = {}) {
  ASSERT_TRUE(forwarded.parse.run(bytes).head) << bytes;
  RequestHead& head = forwarded.parse.head;
  drop_request_fields(head, peer.trusted);
  Random random(7);
  const IpAddress ip = peer.address.empty() ? IpAddress() : parse_ip(peer.address).value();
  forwarded.ids =
      add_forwarding_edits(head, {.peer = ip, .peer_is_trusted = peer.trusted, .tls = peer.tls},
                           random, forwarded.scratch, forwarded.edits);
  Buffer out;
  write_request_head(out, head, head.path_and_query(), {}, forwarded.edits.edits());
  forwarded.written = out.view();
}

struct Passing {
  std::string lines;
  Peer peer;
  std::map<std::string, std::string> sent;
};

const std::string kClaims =
    "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2, 3.3.3.3\r\nX-Forwarded-Proto: https\r\n"
    "X-Forwarded-Host: claimed\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 1.1.1.1\r\nForwarded: "
    "for=1.1.1.1\r\n"
    "X-Request-Id: claimed-id\r\n";

const Passing kForwardingCases[] = {
    {"",
     {},
     {{"X-Forwarded-For", "192.0.2.1"},
      {"X-Forwarded-Proto", "http"},
      {"X-Forwarded-Host", "a"},
      {"Via", "1.1 weir"}}},
    {"", {.tls = true}, {{"X-Forwarded-Proto", "https"}}},
    {"", {.address = "2001:db8::1"}, {{"X-Forwarded-For", "2001:db8::1"}}},
    {"", {.address = ""}, {{"X-Forwarded-For", "unknown"}}},
    {kClaims,
     {},
     {{"X-Forwarded-For", "192.0.2.1"},
      {"X-Forwarded-Proto", "http"},
      {"X-Forwarded-Host", "a"},
      {"X-Forwarded-Port", "-"},
      {"X-Real-IP", "-"},
      {"Forwarded", "-"}}},
    {kClaims,
     {.trusted = true},
     {{"X-Forwarded-For", "1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.1"},
      {"X-Forwarded-Proto", "https"},
      {"X-Forwarded-Host", "claimed"},
      {"X-Forwarded-Port", "1"},
      {"X-Real-IP", "1.1.1.1"},
      {"Forwarded", "for=1.1.1.1"},
      {"X-Request-Id", "claimed-id"}}},
    {"X-Forwarded-For:\r\n", {.trusted = true}, {{"X-Forwarded-For", "192.0.2.1"}}},
    {"Via: 1.0 x, 1.1 y\r\n", {}, {{"Via", "1.0 x, 1.1 y|1.1 weir"}}},
    // Connection takes the client's, never ours, and never what frames or addresses the message
    {"Connection: X-Forwarded-For, x-forwarded-host, x-forwarded-proto, Via, X-Request-Id, "
     "traceparent\r\n" +
         kClaims,
     {.trusted = true},
     {{"X-Forwarded-For", "192.0.2.1"},
      {"X-Forwarded-Host", "a"},
      {"X-Forwarded-Proto", "http"},
      {"Via", "1.1 weir"}}},
    {"Connection: close, Host, Content-Length, X-One\r\nConnection: x-two\r\nContent-Length: "
     "0\r\nX-One: 1\r\nX-Two: 2\r\nX-Three: 3\r\n",
     {},
     {{"Host", "a"},
      {"Content-Length", "0"},
      {"X-One", "-"},
      {"X-Two", "-"},
      {"X-Three", "3"},
      {"Connection", "-"}}},
    {"Connection: Cookie\r\nCookie: a=b\r\n", {}, {{"Cookie", "-"}}},
    {"Proxy-Authorization: x\r\nProxy-Connection: close\r\nKeep-Alive: 1\r\nTE: gzip\r\nUpgrade: "
     "x\r\nHTTP2-Settings: x\r\n",
     {},
     {{"Proxy-Authorization", "-"},
      {"Proxy-Connection", "-"},
      {"Keep-Alive", "-"},
      {"TE", "-"},
      {"Upgrade", "-"},
      {"HTTP2-Settings", "-"}}},
    {"Connection: upgrade\r\nUpgrade: websocket\r\n",
     {},
     {{"Connection", "upgrade"}, {"Upgrade", "websocket"}}},
    {"traceparent: " + std::string(kTrace) + "\r\ntracestate: a=b\r\n",
     {},
     {{"traceparent", std::string(kTrace)}, {"tracestate", "a=b"}}},
    {"tracestate: a=b\r\n", {}, {{"tracestate", "-"}}},
    {"Max-Forwards: 5\r\n", {}, {{"Max-Forwards", "5"}}},
};

TEST(Forwarding, Table) {
  for (const Passing& c : kForwardingCases) {
    Forwarded forwarded;
    forward(forwarded, request_with(c.lines), c.peer);
    for (const auto& [name, value] : c.sent)
      EXPECT_EQ(forwarded.value(name), value) << name << "\n" << c.lines;
  }
}

TEST(Forwarding, HttpOneDotZeroSaysSoInVia) {
  Forwarded forwarded;
  forward(forwarded, "GET / HTTP/1.0\r\n\r\n");
  EXPECT_NE(forwarded.written.find("\r\nVia: 1.0 weir\r\n"), std::string::npos);
  EXPECT_EQ(forwarded.written.find("X-Forwarded-Host"), std::string::npos);
}

bool is_hex_id(std::string_view id) {
  return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

TEST(Forwarding, RequestIdsAreFreshUnlessATrustedPeersAndSane) {
  const auto id_for = [](const std::string& received, bool trusted) {
    Forwarded forwarded;
    forward(forwarded, request_with("X-Request-Id: " + received + "\r\n"), {.trusted = trusted});
    EXPECT_EQ(forwarded.value("X-Request-Id"), forwarded.ids.request_id);
    return std::string(forwarded.ids.request_id);
  };
  EXPECT_EQ(id_for("abc-1", true), "abc-1");
  EXPECT_EQ(id_for(std::string(128, 'x'), true), std::string(128, 'x'));
  EXPECT_TRUE(is_hex_id(id_for(std::string(129, 'x'), true)));
  EXPECT_TRUE(is_hex_id(id_for("a b", true)));
  EXPECT_TRUE(is_hex_id(id_for("", true)));
  EXPECT_TRUE(is_hex_id(id_for("abc-1", false)));
}

TEST(Forwarding, RequestIdsDiffer) {
  RequestParse parse;
  ASSERT_TRUE(parse.run(request_with("")).complete);
  Random random(1);
  Buffer scratch(1024);
  EditList edits;
  const ForwardedIds first = add_forwarding_edits(parse.head, {}, random, scratch, edits);
  const ForwardedIds second = add_forwarding_edits(parse.head, {}, random, scratch, edits);
  EXPECT_NE(first.request_id, second.request_id);
  EXPECT_NE(first.trace_id, second.trace_id);
  EXPECT_NE(first.request_id, first.trace_id);
}

TEST(Forwarding, InvalidTracesAreReplaced) {
  const std::string invalid[] = {"",
                                 "00",
                                 std::string(kTrace) + "x",
                                 std::string(kTrace) + "-x",
                                 "ff" + std::string(kTrace.substr(2)),
                                 "0X" + std::string(kTrace.substr(2)),
                                 "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                 "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                 "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                 "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
                                 "00+0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};
  for (const std::string& value : invalid) {
    Forwarded forwarded;
    forward(forwarded, request_with("traceparent: " + value + "\r\ntracestate: a=b\r\n"));
    const std::string sent = forwarded.value("traceparent");
    EXPECT_TRUE(is_hex_id(forwarded.ids.trace_id)) << value;
    EXPECT_NE(forwarded.ids.trace_id, kTraceId);
    ASSERT_EQ(sent.size(), kTrace.size()) << value;
    EXPECT_EQ(sent.substr(0, 36), "00-" + std::string(forwarded.ids.trace_id) + "-");
    EXPECT_EQ(sent.substr(52), "-01");
    EXPECT_EQ(forwarded.value("tracestate"), "-");
  }
}

TEST(Forwarding, ValidTracesPass) {
  for (const std::string& value :
       {std::string(kTrace), "01" + std::string(kTrace.substr(2)) + "-more",
        "cc" + std::string(kTrace.substr(2))}) {
    Forwarded forwarded;
    forward(forwarded, request_with("traceparent: " + value + "\r\n"));
    EXPECT_EQ(forwarded.ids.trace_id, kTraceId);
    EXPECT_EQ(forwarded.value("traceparent"), value);
  }
  Forwarded twice;
  forward(twice, request_with("traceparent: " + std::string(kTrace) +
                              "\r\ntraceparent: " + std::string(kTrace) + "\r\n"));
  EXPECT_NE(twice.ids.trace_id, kTraceId);
}

TEST(Forwarding, ScratchThatHoldsSomethingAlready) {
  Forwarded forwarded;
  forwarded.scratch.append("before");
  forward(forwarded, request_with(kClaims), {.trusted = true});
  EXPECT_EQ(forwarded.value("X-Forwarded-For"), "1.1.1.1, 2.2.2.2, 3.3.3.3, 192.0.2.1");
  EXPECT_TRUE(forwarded.scratch.view().starts_with("before1.1.1.1, "));
}

TEST(Forwarding, MaxForwardsOnOptions) {
  const std::map<std::string, std::string> cases = {
      {"1", "0"}, {"10", "9"}, {"256", "255"}, {"257", "255"}, {"99999999999999999999999", "255"},
      {"x", "x"}, {"-1", "-1"}};
  for (const auto& [received, sent] : cases) {
    Forwarded forwarded;
    forward(forwarded, "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: " + received + "\r\n\r\n");
    EXPECT_FALSE(must_answer_here(forwarded.parse.head)) << received;
    EXPECT_EQ(forwarded.value("Max-Forwards"), sent);
  }
  RequestParse parse;
  ASSERT_TRUE(parse.run("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 00\r\n\r\n").complete);
  EXPECT_TRUE(must_answer_here(parse.head));
  ASSERT_TRUE(parse.run("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n").complete);
  EXPECT_FALSE(must_answer_here(parse.head));
  ASSERT_TRUE(parse.run("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards:\r\n\r\n").complete);
  EXPECT_FALSE(must_answer_here(parse.head));
}

TEST(Forwarding, ResponsesLoseHopFieldsAndGainVia) {
  ResponseParse parse;
  ASSERT_TRUE(parse
                  .run("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: X-Y, "
                       "content-length\r\nX-Y: 1\r\nKeep-Alive: 1\r\n"
                       "Proxy-Authenticate: x\r\nUpgrade: h2c\r\nVia: 1.1 b\r\n\r\n")
                  .complete);
  drop_response_fields(parse.head);
  EXPECT_EQ(
      list_fields(parse.head, parse.head.fields()),
      "Content-Length=0\n!Connection=X-Y, "
      "content-length\n!X-Y=1\n!Keep-Alive=1\n!Proxy-Authenticate=x\n!Upgrade=h2c\nVia=1.1 b\n");
  EditList edits;
  add_response_edits(parse.head, edits);
  ASSERT_EQ(edits.edits().size(), 1u);
  EXPECT_EQ(edits.edits()[0].value, "1.0 weir");
  EXPECT_EQ(edits.edits()[0].kind, EditKind::add);
}

TEST(EditList, RefusesMoreThanItHolds) {
  EditList edits;
  for (std::size_t i = 0; i < EditList::kMax; ++i)
    EXPECT_TRUE(edits.push(EditKind::add, FieldId::via, "Via", "x"));
  EXPECT_FALSE(edits.push(EditKind::add, FieldId::via, "Via", "x"));
  EXPECT_EQ(edits.edits().size(), EditList::kMax);
  edits.clear();
  EXPECT_TRUE(edits.edits().empty());
}

}  // namespace
}  // namespace weir::http
