// Copies of requests: what they look like, when they are sent, and that whatever the mirror does is
// no matter to the client.
#include <gtest/gtest.h>

#include <string>

#include "release_scenario.h"

namespace weir::proxy {
namespace {

using test::HttpText;
using test::kGet;
using test::kOk;
using test::Party;

constexpr std::string_view kPost =
    "POST /pay?x=1 HTTP/1.1\r\nHost: a.test\r\nIdempotency-Key: k7\r\nAuthorization: me\r\n"
    "Content-Length: 5\r\n\r\nhello";

class Mirror : public test::ReleaseTest {
 protected:
  // Lets both connects succeed: the original's comes first.
  void send(std::string_view request) {
    client_ = &connect();
    client_->sends(request);
    primary_ = &accept();
    EXPECT_EQ(connector.targets().at(0).address.ip, *parse_ip("10.0.0.1"));
    copy_ = &accept();
    EXPECT_EQ(connected_to(), kCandidate);
  }
  Party& client() { return *client_; }
  Party& primary() { return *primary_; }
  Party& copy() { return *copy_; }

 private:
  Party* client_ = nullptr;
  Party* primary_ = nullptr;
  Party* copy_ = nullptr;
};

TEST_F(Mirror, ACopyIsTheRequestWithAMark) {
  use_mirror();
  send("GET /a?b=c HTTP/1.1\r\nHost: a.test\r\nUser-Agent: t/1\r\n\r\n");
  HttpText original = primary().receives();
  const HttpText copied = copy().receives();
  EXPECT_EQ(copied.start, "GET /a?b=c HTTP/1.1");
  EXPECT_EQ(copied.field("X-Weir-Mirror"), "all");
  for (const auto& [name, value] : original.fields) EXPECT_EQ(copied.field(name), value) << name;
  EXPECT_FALSE(original.has("X-Weir-Mirror"));
  primary().sends(kOk);
  EXPECT_EQ(client().receives().body, "ok");
  EXPECT_EQ(last_record().mirror, "next=sent");
  EXPECT_EQ(mirror().load->in_flight(), 1U);
  copy().sends("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(copies_ended(), std::vector<std::string>{"4xx"});
  EXPECT_EQ(mirror().load->in_flight(), 0U);
  EXPECT_EQ(mirror().load->bytes.held(), 0U);
}

TEST_F(Mirror, ContentAndEditsAndTheIdempotencyKey) {
  config::Mirror& mirror = use_mirror();
  mirror.methods = {"POST"};
  mirror.host = "next.test";
  mirror.remove_headers = {"authorization"};
  mirror.set_headers = {{"X-Stage", "shadow"}};
  send(kPost);
  EXPECT_EQ(primary().receives().field("Authorization"), "me");
  const HttpText copied = copy().receives();
  EXPECT_EQ(copied.body, "hello");
  EXPECT_EQ(copied.field("Host"), "next.test");
  EXPECT_EQ(copied.field("X-Stage"), "shadow");
  EXPECT_EQ(copied.field("Idempotency-Key"), "k7-mirror");
  EXPECT_FALSE(copied.has("Authorization"));
}

TEST_F(Mirror, ChunkedContentAndTrailersInPieces) {
  use_mirror().methods = {"POST"};
  Party& asking = connect();
  asking.sends("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  Party& original = accept();
  EXPECT_EQ(connecting(), 0U) << "no copy before the request is whole";
  asking.sends("4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
  const HttpText copied = accept().receives();
  EXPECT_TRUE(copied.whole);
  EXPECT_EQ(copied.body, "abcdefg");
  EXPECT_EQ(copied.trailer("X-Sum"), "7");
  EXPECT_EQ(original.receives().body, "abcdefg");
}

TEST_F(Mirror, OneContentServesSeveralCopies) {
  use_mirror().methods = {"POST"};
  use_mirror().methods = {"POST"};
  Party& asking = connect();
  asking.sends(kPost);
  accept();
  EXPECT_EQ(accept().receives().body, "hello");
  EXPECT_EQ(accept().receives().body, "hello");
  EXPECT_EQ(chunks_in_use(), 0U) << "what the sockets took is not held";
}

TEST_F(Mirror, LargeContentGoesWhole) {
  const std::string content(60 * 1024, 'x');
  use_mirror().methods = {"POST"};
  send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + std::to_string(content.size()) +
       "\r\n\r\n" + content);
  EXPECT_EQ(copy().receives().body, content);
}

TEST_F(Mirror, TheClientIsAnsweredWhileTheMirrorHangs) {
  use_mirror();
  send(kGet);
  primary().sends(kOk);
  EXPECT_EQ(client().receives().body, "ok");
  client().sends(kGet);
  primary().sends(kOk);
  EXPECT_EQ(client().receives().body, "ok") << "the next request on the connection goes on";
  accept();
  advance(limits::kMirrorTimeout + std::chrono::milliseconds(10));
  EXPECT_EQ(copies_ended(), (std::vector<std::string>{"timeout", "timeout"}));
  EXPECT_FALSE(copy().is_connected());
}

TEST_F(Mirror, ARefusedOrBrokenMirrorIsOnlyCounted) {
  use_mirror();
  Party& asking = connect();
  asking.sends(kGet);
  Party& original = accept();
  refuse();
  original.sends(kOk);
  EXPECT_EQ(asking.receives().body, "ok");
  asking.sends(kGet);
  accept().resets();
  original.sends(kOk);
  EXPECT_EQ(asking.receives().body, "ok");
  asking.sends(kGet);
  accept().sends("garbage\r\n\r\n");
  original.sends(kOk);
  EXPECT_EQ(asking.receives().body, "ok");
  EXPECT_EQ(copies_ended(), (std::vector<std::string>{"connect", "reset", "bad_response"}));
}

TEST_F(Mirror, AClientThatLeavesDoesNotCancelACopyThatWasSent) {
  use_mirror();
  send(kGet);
  client().closes();
  EXPECT_FALSE(primary().is_connected());
  EXPECT_TRUE(copy().is_connected());
  copy().sends(kOk);
  EXPECT_EQ(copies_ended(), std::vector<std::string>{"2xx"});
}

TEST_F(Mirror, AClientThatLeavesAmidItsContentDropsTheCopy) {
  use_mirror().methods = {"POST"};
  Party& asking = connect();
  asking.sends("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhal");
  accept();
  EXPECT_GT(mirror().load->bytes.held(), 0U);
  asking.closes();
  EXPECT_EQ(copies_dropped(), std::vector<std::string>{"incomplete"});
  EXPECT_EQ(last_record().mirror, "next=incomplete");
  EXPECT_EQ(mirror().load->bytes.held(), 0U);
}

TEST_F(Mirror, AfterMeansAfterASuccess) {
  use_mirror().when = config::MirrorWhen::after;
  Party& asking = connect();
  asking.sends(kGet);
  Party& original = accept();
  EXPECT_EQ(connecting(), 0U);
  original.sends(kOk);
  EXPECT_EQ(asking.receives().body, "ok");
  EXPECT_EQ(last_record().mirror, "next=sent");
  EXPECT_EQ(accept().receives().start, "GET / HTTP/1.1");
}

TEST_F(Mirror, AfterDropsWhatFailed) {
  use_mirror().when = config::MirrorWhen::after;
  Party& asking = connect();
  asking.sends(kGet);
  accept().sends("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(asking.receives().status(), 500);
  EXPECT_EQ(copies_dropped(), std::vector<std::string>{"primary_failed"});
  EXPECT_EQ(connecting(), 0U);
}

TEST_F(Mirror, RetriesAndRescuesAreNotCopiedAgain) {
  set_endpoints(2);
  use_mirror();
  Party& asking = connect();
  asking.sends(kGet);
  refuse();                    // the first endpoint
  Party& mirrored = accept();  // the copy's connect was the second
  Party& original = accept();  // the retry
  original.sends(kOk);
  EXPECT_EQ(asking.receives().body, "ok");
  mirrored.sends(kOk);
  EXPECT_EQ(copies_ended().size(), 1U);
  EXPECT_EQ(connector.targets().size(), 3U);
}

TEST_F(Mirror, CopiesAndUpgradesAndOtherMethodsAreNotCopied) {
  use_mirror();
  Party& asking = connect();
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: a.test\r\nX-Weir-Mirror: elsewhere\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "DELETE / HTTP/1.1\r\nHost: a.test\r\n\r\n"}) {
    asking.sends(request);
    Party& original = accept();
    EXPECT_EQ(connecting(), 0U) << request;
    original.sends("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(asking.receives().status(), 200);
    EXPECT_EQ(last_record().mirror, "");
  }
}

TEST_F(Mirror, ConnectionsAreItsOwnAndAreKept) {
  use_mirror();
  send(kGet);
  primary().sends(kOk);
  copy().sends(kOk);
  client().receives();
  copy().receives();
  client().sends(kGet);
  EXPECT_EQ(connecting(), 0U);
  EXPECT_EQ(copy().receives().start, "GET / HTTP/1.1");
  EXPECT_EQ(mirror().cluster->connections(), 1U);
}

TEST_F(Mirror, ALongAnswerIsCutOff) {
  use_mirror();
  send(kGet);
  copy().sends("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
  EXPECT_EQ(copies_ended(), std::vector<std::string>{"2xx"});
  EXPECT_FALSE(copy().is_connected());
}

TEST_F(Mirror, AnEndlessAnswerIsCutOff) {
  use_mirror();
  send(kGet);
  copy().sends("HTTP/1.1 200 OK\r\n\r\n");
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 5 && copy().is_connected(); ++i) copy().sends(piece);
  EXPECT_FALSE(copy().is_connected());
  EXPECT_EQ(copies_ended(), std::vector<std::string>{"2xx"});
}

TEST_F(Mirror, ALineOfTheLogForEachCopyIfWanted) {
  use_mirror().log = true;
  send("GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
  primary().sends(kOk);
  client().receives();
  client().closes();
  copy().sends("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n");
  ASSERT_EQ(copy_lines().size(), 1U);
  const test::SeenRecord& line = copy_lines()[0];
  EXPECT_TRUE(line.values.is_copy);
  EXPECT_EQ(line.id, last_record().id);
  EXPECT_EQ(line.trace_id, last_record().trace_id);
  EXPECT_EQ(line.path, "/x");
  EXPECT_EQ(line.cluster, "next");
  EXPECT_EQ(line.endpoint, kCandidate);
  EXPECT_EQ(line.mirror, "5xx");
  EXPECT_EQ(line.values.status, 503);
}

}  // namespace
}  // namespace weir::proxy
