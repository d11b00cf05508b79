// What ends a connection to an HTTP/2 endpoint: rules of the connection broken, and floods.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "h2_client_scenario.h"

namespace weir::http {
namespace {

class H2EndpointAbuse : public H2ClientSessionTest {
 protected:
  void expect_end(std::uint32_t code, Errc fault = Errc::bad_response) {
    EXPECT_EQ(says().goaway_code(), code);
    EXPECT_TRUE(session_->finished());
    EXPECT_EQ(session_->fault(), fault);
    EXPECT_FALSE(session_->may_begin());
  }
  void repeat(const std::string& bytes, std::uint32_t times) {
    for (std::uint32_t i = 0; i < times && !session_->finished(); ++i) {
      hears(bytes);
      says();
    }
  }
};

TEST_F(H2EndpointAbuse, APushIsForbidden) {
  ask();
  begin();
  hears(h2::frame(h2::kPushPromise, h2::kEndHeaders, 1,
                  h2::number(2) + h2::block(h2::request_fields())));
  expect_end(1);
}

TEST_F(H2EndpointAbuse, ContentBeforeAnyHeadIsAgainstTheRules) {
  ask();
  begin();
  hears(h2::data(1, "ab", true));
  expect_end(1);
}

TEST_F(H2EndpointAbuse, AnHttp1ServerIsToldApart) {
  ask();
  says();
  hears("HTTP/1.1 400 Bad Request\r\n\r\n");
  expect_end(1, Errc::upstream_no_http2);
}

// Some answer what they cannot read as HTTP/0.9.
TEST_F(H2EndpointAbuse, WhateverComesBeforeTheSettingsIsNoHttp2) {
  ask();
  says();
  hears("<!DOCTYPE HTML>");
  expect_end(1, Errc::upstream_no_http2);
}

TEST_F(H2EndpointAbuse, PingsAreAnsweredUntilThereAreTooMany) {
  begin();
  hears(h2::ping("abcdefgh"));
  ASSERT_EQ(says().frames(h2::kPing).size(), 1U);
  EXPECT_EQ(seen_->frames(h2::kPing)[0].payload, "abcdefgh");
  repeat(h2::ping(), limits::kH2Pings.burst * limits::kH2EndpointGenerosity - 1);
  EXPECT_FALSE(session_->finished());
  repeat(h2::ping(), 1);
  expect_end(11);
}

TEST_F(H2EndpointAbuse, SettingsEmptyFramesAndResetsAreCounted) {
  const std::pair<std::string, limits::H2Allowance> kinds[] = {
      {h2::settings(), limits::kH2SettingsFrames},
      {h2::data(1, ""), limits::kH2EmptyFrames},
      {h2::frame(200, 0, 0, "x"), limits::kH2UnknownFrames},
  };
  for (const auto& [bytes, allowance] : kinds) {
    start();
    ask();
    begin();
    hears(ok(1));
    repeat(bytes, allowance.burst * limits::kH2EndpointGenerosity - 2);
    EXPECT_FALSE(session_->finished());
    repeat(bytes, 3);
    expect_end(11);
  }
}

TEST_F(H2EndpointAbuse, ResetsOfStreamsThatAreNoneAreCounted) {
  ask();
  begin();
  hears(ok(1, true));
  repeat(h2::rst(1, 8), limits::kH2Resets.burst * limits::kH2EndpointGenerosity);
  EXPECT_FALSE(session_->finished());
  repeat(h2::rst(1, 8), 1);
  expect_end(11);
}

// There are no more of them than there were requests: an answer that comes before all of the
// request has been sent ends so (RFC 9113 section 8.1).
TEST_F(H2EndpointAbuse, ResetsOfRequestsAreNot) {
  begin();
  const auto most = static_cast<std::int32_t>(limits::kH2Resets.burst);
  for (std::int32_t i = 0; i <= most * static_cast<std::int32_t>(limits::kH2EndpointGenerosity);
       ++i) {
    const std::int32_t stream = 1 + 2 * i;
    ask("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n", false);
    says();
    hears(ok(stream, true) + h2::rst(stream, 0));
    ASSERT_EQ(asked_.back()->told, (Told{"200 complete ", "closed none"})) << i;
    asked_.clear();
  }
  EXPECT_FALSE(session_->finished());
}

TEST_F(H2EndpointAbuse, ContentOfStreamsThatAreOverIsCounted) {
  Asked& asked = ask();
  begin();
  hears(ok(1));
  session_->reset(asked, H2Code::cancel);
  says();
  repeat(h2::data(1, "x"), limits::kH2LateFrames.burst * limits::kH2EndpointGenerosity);
  EXPECT_FALSE(session_->finished());
  repeat(h2::data(1, "x"), 1);
  expect_end(11);
}

TEST_F(H2EndpointAbuse, ContinuationsWithoutEndAreCut) {
  ask();
  begin();
  hears(h2::frame(h2::kHeaders, 0, 1, h2::block({{":status", "200"}})));
  for (std::uint32_t i = 0; i <= limits::kH2Continuations; ++i) {
    hears(h2::frame(h2::kContinuation, 0, 1, h2::block({{"x", "y"}})));
  }
  expect_end(11);
}

TEST_F(H2EndpointAbuse, ABlockThatDecodesToFarTooMuchEndsTheConnection) {
  ask();
  begin();
  h2::Fields fields;
  const std::size_t each = 4000;
  for (std::size_t i = 0; i < limits::kHeadBytes * limits::kH2BombFactor / each + 1; ++i) {
    fields.emplace_back("x-" + std::to_string(i), std::string(each, 'x'));
  }
  // In blocks that are small enough to be taken: an indexed literal, then references to it.
  std::string block = h2::block({{":status", "200"}});
  block += '\x40' + h2::prefixed(5, 7) + "x-big" + h2::prefixed(each, 7) + std::string(each, 'x');
  for (std::size_t i = 0; i < fields.size(); ++i) block += '\xbe';
  hears(h2::frame(h2::kHeaders, h2::kEndHeaders | h2::kEndStream, 1, block));
  expect_end(11);
}

TEST_F(H2EndpointAbuse, MoreContentThanTheWindowEndsIt) {
  limits_.window = 10;
  start();
  Asked& asked = ask();
  begin();
  hears(ok(1) + h2::data(1, std::string(11, 'x')));
  EXPECT_EQ(says().answer(1).reset.value_or(seen_->goaway_code().value_or(0)), 3U);
  EXPECT_NE(asked.told.back(), "closed none");
}

}  // namespace
}  // namespace weir::http
