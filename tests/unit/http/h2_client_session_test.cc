// The client's end of an HTTP/2 session by itself, driven by an endpoint's frames in memory: what
// is sent, what is told of answers, and how streams end.
#include "http/h2_client_session.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "h2_client_scenario.h"

namespace weir::http {
namespace {

// --- requests ---

TEST_F(H2ClientSessionTest, BeginsWithPrefaceAndSettingsThatForbidPushes) {
  EXPECT_TRUE(says().answer(0).fields.empty());
  EXPECT_TRUE(preface_seen_);
  auto settings = seen_->server_settings();
  EXPECT_EQ(settings.at(2), 0U);
  EXPECT_EQ(settings.at(4), limits::kH2EndpointWindow);
  EXPECT_EQ(settings.at(6), limits::kHeadBytes);
  EXPECT_EQ(seen_->opened(0), limits::kH2EndpointConnectionWindow - 65'535U);
}

TEST_F(H2ClientSessionTest, ARequestIsItsPseudoFieldsAndWhatIsNotOfTheConnection) {
  edits_ = {{EditKind::set, FieldId::via, "Via", "1.1 weir"},
            {EditKind::remove, FieldId::other, "X-Gone", {}}};
  ask("POST /a?b HTTP/1.1\r\nHost: a.test:81\r\nX-One: 1\r\nx-gone: 1\r\nTE: trailers\r\n"
      "Connection: TE, keep-alive\r\nKeep-Alive: timeout=3\r\nTransfer-Encoding: chunked\r\n"
      "Upgrade: h2c\r\nExpect: 100-continue\r\n\r\n",
      false);
  const auto frames = says().frames(h2::kHeaders);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_FALSE(frames[0].ends_stream());
  const h2::Fields expected = {
      {":method", "POST"}, {":scheme", "http"}, {":authority", "a.test:81"},
      {":path", "/a?b"},   {"x-one", "1"},      {"expect", "100-continue"},
      {"te", "trailers"},  {"via", "1.1 weir"}};
  EXPECT_EQ(seen_->answer(1).trailers, expected);
}

TEST_F(H2ClientSessionTest, AnEditedHostIsTheAuthority) {
  edits_ = {{EditKind::set, FieldId::host, "Host", "b.test"}};
  ask();
  says();
  EXPECT_EQ(seen_->answer(1).trailer(":authority"), "b.test");
  EXPECT_EQ(seen_->answer(1).trailer("host"), "-");
  EXPECT_TRUE(seen_->answer(1).ended);
}

TEST_F(H2ClientSessionTest, FieldsAloneAreARequestToo) {
  asked_.push_back(std::make_unique<Asked>(chunks_));
  Asked& asked = *asked_.back();
  const H2Field fields[] = {
      {":method", "POST"}, {":scheme", "http"}, {":path", "/s/M"}, {"te", "trailers"}};
  const std::string_view content[] = {"abc"};
  EXPECT_TRUE(session_->send_request(asked, fields, Method::post, content, true, asked.head));
  EXPECT_EQ(says().answer(1).body, "abc");
  EXPECT_TRUE(seen_->answer(1).ended);
  EXPECT_EQ(seen_->answer(1).trailer(":path"), "/s/M");
}

TEST_F(H2ClientSessionTest, ContentWaitsForTheEndpointsWindow) {
  begin({{4, 5}});
  Asked& asked =
      ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\n", true, "12345678");
  EXPECT_EQ(says().answer(1).body, "12345");
  EXPECT_EQ(asked.waiting_bytes(), 3U);
  hears(h2::window_update(1, 100));
  EXPECT_EQ(says().answer(1).body, "12345678");
  EXPECT_TRUE(seen_->answer(1).ended);
}

TEST_F(H2ClientSessionTest, TrailersOfARequestFollowItsContent) {
  begin();
  parser_.reset(request_, {}, UnderscorePolicy::pass);
  Asked& asked =
      ask("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n", false);
  parser_.feed("1\r\nx\r\n0\r\nX-Sum: 9\r\n\r\n");
  const std::string_view content[] = {"x"};
  EXPECT_TRUE(session_->send_content(asked, content, true, request_));
  EXPECT_EQ(says().answer(1).body, "x");
  EXPECT_EQ(seen_->answer(1).trailer("x-sum"), "9");
  EXPECT_TRUE(seen_->answer(1).ended);
}

// --- answers ---

TEST_F(H2ClientSessionTest, AnAnswerIsToldAsOneOfHttp1) {
  Asked& asked = ask();
  begin();
  hears(ok(1, false, {{"content-length", "3"}, {"x-one", "1"}}) + h2::data(1, "abc", true));
  EXPECT_EQ(asked.told, (Told{"200 content complete ", "closed none"}));
  EXPECT_EQ(asked.content, "abc");
  EXPECT_EQ(asked.head.framing(), Framing::length);
  EXPECT_EQ(asked.head.content_length(), 3U);
  EXPECT_EQ(asked.head.major_version(), 2);
  EXPECT_TRUE(asked.head.keep_alive());
  EXPECT_EQ(asked.head.value(*asked.head.find("x-one")), "1");
  EXPECT_EQ(session_->streams(), 0U);
}

TEST_F(H2ClientSessionTest, WithoutALengthTheNextHopGetsChunks) {
  Asked& one = ask();
  Asked& two = ask();
  Asked& three = ask("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  begin();
  hears(ok(1) + h2::data(1, "", true) + ok(3, true) + ok(5, true, {{"content-length", "7"}}));
  EXPECT_EQ(one.head.framing(), Framing::chunked);
  EXPECT_EQ(two.head.framing(), Framing::chunked);
  EXPECT_EQ(three.head.framing(), Framing::none);
  EXPECT_EQ(three.told.back(), "closed none");
}

TEST_F(H2ClientSessionTest, InterimAnswersAreToldEachWhateverComesTogether) {
  const std::string bytes = h2::headers(1, {{":status", "100"}}, false) +
                            h2::headers(1, {{":status", "103"}, {"link", "</a>"}}, false) +
                            h2::headers(1, {{":status", "204"}, {"x-one", "1"}}, true);
  for (std::size_t piece : {bytes.size(), std::size_t{1}, std::size_t{10}, std::size_t{20}}) {
    start();
    Asked& asked = ask();
    begin();
    for (std::size_t at = 0; at < bytes.size(); at += piece) hears(bytes.substr(at, piece));
    EXPECT_EQ(asked.told, (Told{"100 complete ", "103 complete ", "204 complete ", "closed none"}))
        << piece;
    EXPECT_EQ(asked.head.value(*asked.head.find("x-one")), "1");
    EXPECT_EQ(asked.head.find("link"), nullptr);
  }
}

TEST_F(H2ClientSessionTest, TrailersAreTheHeadsAndForbiddenOnesAreDropped) {
  Asked& asked = ask();
  begin();
  hears(ok(1) + h2::data(1, "x") + h2::headers(1, {{"grpc-status", "0"}, {"host", "b"}}, true));
  EXPECT_EQ(asked.told, (Told{"200 content complete ", "closed none"}));
  ASSERT_EQ(asked.head.trailers().size(), 2U);
  EXPECT_EQ(asked.head.name(asked.head.trailers()[0]), "grpc-status");
  EXPECT_FALSE(asked.head.trailers()[0].dropped);
  EXPECT_TRUE(asked.head.trailers()[1].dropped);
}

// Its place is behind a head that has no bytes. (Undefined behaviour that the fuzzer found.)
TEST_F(H2ClientSessionTest, ATrailerMayBeEmptyAndTheHeadHaveNoFields) {
  Asked& asked = ask();
  begin();
  hears(ok(1) + h2::data(1, "x") + h2::headers(1, {{"x-sum", ""}}, true));
  ASSERT_EQ(asked.head.trailers().size(), 1U);
  EXPECT_EQ(asked.head.name(asked.head.trailers()[0]), "x-sum");
  EXPECT_EQ(asked.head.value(asked.head.trailers()[0]), "");
}

TEST_F(H2ClientSessionTest, ContentInMorePiecesThanSpansIsWhole) {
  Asked& asked = ask();
  begin();
  std::string bytes = ok(1);
  std::string all;
  for (int i = 0; i < 40; ++i) {
    all += std::to_string(i);
    bytes += h2::data(1, std::to_string(i), i == 39);
  }
  hears(bytes);
  EXPECT_EQ(asked.content, all);
  EXPECT_EQ(asked.told.back(), "closed none");
}

TEST_F(H2ClientSessionTest, AStreamsWindowOpensAsItsContentIsTaken) {
  Asked& asked = ask();
  begin();
  std::string bytes = ok(1);
  for (int i = 0; i < 10; ++i) bytes += h2::data(1, std::string(16'000, 'x'));
  hears(bytes);
  EXPECT_EQ(says().opened(1), 0U);
  session_->take(asked, 160'000);
  EXPECT_EQ(says().opened(1), 160'000U);
}

TEST_F(H2ClientSessionTest, TheConnectionsWindowOpensWhetherOrNotAnybodyTakes) {
  limits_.connection_window = 65'535;
  start();
  ask();
  begin();
  hears(ok(1) + h2::data(1, std::string(16'000, 'x')) + h2::data(1, std::string(16'384, 'x')) +
        h2::data(1, std::string(16'000, 'x')));
  EXPECT_GE(says().opened(0), 32'000U);
}

TEST_F(H2ClientSessionTest, AnAnswerBeforeTheRequestsEndIsWhole) {
  Asked& asked = ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8\r\n\r\n", false, "1234");
  begin();
  hears(h2::headers(1, {{":status", "413"}}, true) + h2::rst(1, 0));
  EXPECT_EQ(asked.told, (Told{"413 complete ", "closed none"}));
  EXPECT_FALSE(session_->send_content(asked, {}, true, request_));
}

// --- what is malformed ---

TEST_F(H2ClientSessionTest, MalformedAnswersResetTheirStreamAlone) {
  const std::vector<std::string> malformed = {
      h2::headers(1, {{"x-one", "1"}}, true),
      h2::headers(1, {{":status", "20"}}, true),
      h2::headers(1, {{":status", "200"}, {":status", "200"}}, true),
      h2::headers(1, {{":status", "200"}, {":path", "/"}}, true),
      h2::headers(1, {{"x-one", "1"}, {":status", "200"}}, true),
      h2::headers(1, {{":status", "101"}}, false),
      h2::headers(1, {{":status", "103"}}, true),
      h2::headers(1, {{":status", "200"}, {"X-One", "1"}}, true),
      h2::headers(1, {{":status", "200"}, {"x one", "1"}}, true),
      h2::headers(1, {{":status", "200"}, {"x-one", "a\nb"}}, true),
      h2::headers(1, {{":status", "200"}, {"connection", "close"}}, true),
      h2::headers(1, {{":status", "200"}, {"transfer-encoding", "chunked"}}, true),
      h2::headers(1, {{":status", "200"}, {"keep-alive", "1"}}, true),
      h2::headers(1, {{":status", "200"}, {"upgrade", "x"}}, true),
      h2::headers(1, {{":status", "200"}, {"content-length", "3"}}, true),
      h2::headers(1, {{":status", "200"}, {"content-length", "3"}}, false) +
          h2::data(1, "ab", true),
      h2::headers(1, {{":status", "200"}, {"content-length", "3"}}, false) + h2::data(1, "abcd"),
      h2::headers(1, {{":status", "200"}, {"content-length", "x"}}, false),
      h2::headers(1, {{":status", "200"}, {"content-length", "1"}, {"content-length", "2"}}, false),
      h2::headers(1, {{":status", "204"}}, false) + h2::data(1, "ab", true),
      h2::headers(1, {{":status", "200"}}, false) + h2::headers(1, {{"x", "1"}}, false),
      h2::headers(1, {{":status", "200"}}, false) + h2::headers(1, {{":status", "200"}}, true),
  };
  for (std::size_t i = 0; i < malformed.size(); ++i) {
    start();
    Asked& asked = ask();
    Asked& other = ask();
    begin();
    hears(malformed[i]);
    says();
    ASSERT_GE(asked.told.size(), 2U) << i;
    EXPECT_EQ(asked.told.back(), "closed bad_response") << i;
    EXPECT_TRUE(asked.told.rbegin()[1].ends_with("bad_response")) << i << asked.told.rbegin()[1];
    hears(ok(3, true));
    EXPECT_EQ(other.told.back(), "closed none") << i;
    EXPECT_EQ(session_->fault(), Errc::none) << i;
  }
}

TEST_F(H2ClientSessionTest, TheResetOfAMalformedAnswerSaysSo) {
  ask();
  begin();
  hears(h2::headers(1, {{":status", "200"}, {"connection", "close"}}, true));
  EXPECT_EQ(says().answer(1).reset, 1U);
}

TEST_F(H2ClientSessionTest, AHeadThatIsTooLargeIsNotTaken) {
  limits_.head.head_bytes = 1000;
  for (const std::size_t size : {850U, 950U}) {
    start();
    Asked& asked = ask();
    begin();
    hears(ok(1, true, {{"x-large", std::string(size, 'x')}}));
    says();
    EXPECT_EQ(asked.told.back(), size == 850 ? "closed none" : "closed response_head_too_large");
  }
}

TEST_F(H2ClientSessionTest, TooManyFieldsAreNotTaken) {
  for (const std::size_t count : {limits::kFields, limits::kFields + 1}) {
    start();
    Asked& asked = ask();
    begin();
    h2::Fields fields;
    for (std::size_t i = 0; i < count; ++i) fields.emplace_back("x-" + std::to_string(i), "1");
    hears(ok(1, true, fields));
    says();
    EXPECT_EQ(asked.told.back(),
              count == limits::kFields ? "closed none" : "closed response_head_too_large");
  }
}

// --- how streams end ---

TEST_F(H2ClientSessionTest, ARefusedStreamWasNotLookedAt) {
  Asked& asked = ask();
  begin();
  hears(h2::rst(1, 7));
  EXPECT_EQ(asked.told, Told{"closed upstream_refused"});
  EXPECT_TRUE(session_->may_begin());
}

TEST_F(H2ClientSessionTest, WhatBeganIsNotRefused) {
  Asked& asked = ask();
  begin();
  hears(ok(1) + h2::rst(1, 7));
  EXPECT_EQ(asked.told, (Told{"200 ", "closed upstream_reset"}));
}

TEST_F(H2ClientSessionTest, OtherResetsAreResets) {
  Asked& one = ask();
  Asked& two = ask();
  begin();
  hears(h2::rst(1, 2) + ok(3) + h2::data(3, "ab") + h2::rst(3, 8));
  EXPECT_EQ(one.told, Told{"closed upstream_reset"});
  EXPECT_EQ(two.told, (Told{"200 content ", "closed upstream_reset"}));
}

TEST_F(H2ClientSessionTest, AGoawayRefusesWhatIsBehindItAndLetsTheRestFinish) {
  Asked& one = ask();
  Asked& two = ask();
  begin();
  hears(h2::frame(h2::kGoaway, 0, 0, h2::number(1) + h2::number(0)));
  EXPECT_EQ(two.told, Told{"closed upstream_refused"});
  EXPECT_FALSE(session_->may_begin());
  EXPECT_FALSE(session_->finished());
  ask();
  EXPECT_FALSE(began_);
  hears(ok(1, true));
  EXPECT_EQ(one.told.back(), "closed none");
  says();
  EXPECT_TRUE(session_->finished());
  EXPECT_EQ(session_->fault(), Errc::none);
}

TEST_F(H2ClientSessionTest, ARequestThatAGoawayWasFasterThanIsRefused) {
  begin();
  session_->hold_output(true);
  Asked& asked = ask();
  hears(h2::frame(h2::kGoaway, 0, 0, h2::number(0) + h2::number(0)));
  session_->hold_output(false);
  says();
  EXPECT_EQ(asked.told, Told{"closed upstream_refused"});
  EXPECT_EQ(session_->streams(), 0U);
}

TEST_F(H2ClientSessionTest, ACancelledRequestIsResetAndNotTold) {
  Asked& asked = ask();
  begin();
  hears(ok(1));
  session_->cancel(asked);
  hears(h2::data(1, "late"));
  EXPECT_EQ(says().answer(1).reset, 8U);
  EXPECT_EQ(asked.told, (Told{"200 ", "closed upstream_reset"}));
  EXPECT_EQ(session_->streams(), 0U);
  hears(h2::data(1, "later") + h2::ping());
  EXPECT_EQ(says().frames(h2::kPing).size(), 1U) << "the connection goes on";
}

// What is on its way to a stream that was reset must not use up the connection's window.
TEST_F(H2ClientSessionTest, ContentOfACancelledRequestOpensTheConnectionsWindow) {
  Asked& asked = ask();
  begin();
  hears(ok(1));
  session_->cancel(asked);
  const std::string content(16'000, 'x');
  for (std::size_t sent = 0; sent < 2 * limits::kH2EndpointConnectionWindow;
       sent += content.size()) {
    hears(h2::data(1, content));
    EXPECT_EQ(says().answer(1).reset, 8U);
    ASSERT_FALSE(seen_->goaway_code()) << sent;
  }
  EXPECT_GE(says().opened(0), limits::kH2EndpointConnectionWindow);
}

TEST_F(H2ClientSessionTest, OneThatGivesUpAtAnInterimAnswerHearsNoMore) {
  Asked& asked = ask();
  asked.gives_up = true;
  begin();
  hears(h2::headers(1, {{":status", "103"}}, false) + ok(1) + h2::data(1, "x", true));
  says();
  EXPECT_EQ(asked.told.front(), "103 complete ");
  EXPECT_EQ(asked.told.size(), 2U);
}

// Its reset goes out with another request that is begun while it is told.
TEST_F(H2ClientSessionTest, OneThatIsClosedWhileItIsToldHearsOfItOnce) {
  Asked& asked = ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n", false);
  begin();
  asked.gives_up = asked.asks_another = true;
  hears(ok(1, true));
  EXPECT_EQ(says().answer(1).reset, 8U);
  EXPECT_EQ(asked.told, (Told{"200 complete ", "closed none"}));
  EXPECT_EQ(session_->streams(), 1U);
  session_->dispatch();
  EXPECT_EQ(asked.told.size(), 2U);
}

TEST_F(H2ClientSessionTest, TheEndpointSaysHowManyStreamsItTakes) {
  EXPECT_EQ(session_->streams_allowed(), 100U);
  begin({{3, 7}});
  EXPECT_EQ(session_->streams_allowed(), 7U);
}

TEST_F(H2ClientSessionTest, GoodbyeIsAGoaway) {
  begin();
  session_->say_goodbye();
  EXPECT_EQ(says().goaway_code(), 0U);
  EXPECT_TRUE(session_->finished());
}

}  // namespace
}  // namespace weir::http
