// Checks of clusters that speak HTTP/2, frame by frame: HTTP's and gRPC's, what is asked and what
// each answer is said to be. Against real servers: tests/integration/test_grpc_health.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "health_fixture.h"
#include "support/h2_frames.h"

namespace weir::server {
namespace {

namespace h2 = test::h2;
using namespace std::string_literals;

class H2Checks : public HealthTest {
 protected:
  H2Checks() {
    settings_.protocol = config::UpstreamProtocol::http2;
    check();
  }
  // The check is answered with these frames behind the SETTINGS.
  void answers_frames(const std::string& frames) {
    answers(h2::settings() + h2::settings_ack() + frames);
  }
  h2::Reader& asked() {
    EXPECT_TRUE(asked_.starts_with(h2::kPreface));
    asked_.erase(0, h2::kPreface.size());
    reader_.read(asked_);
    asked_ = h2::kPreface;  // the rest is read
    return reader_;
  }
  // What the request says, by name.
  std::string said(const std::string& name) {
    const h2::Fields& fields = asked().answer(1).trailers;  // what is no answer's head
    const auto found = std::ranges::find(fields, name, &h2::Fields::value_type::first);
    return found == fields.end() ? "-" : found->second;
  }
  std::string cause() { return state().last().result.cause; }

  static std::string status(const std::string& number, bool end = true) {
    return h2::headers(1, {{":status", number}}, end);
  }

 private:
  h2::Reader reader_;
};

TEST_F(H2Checks, AskAsTheFileSays) {
  check().path = "/up?deep=1";
  check().host = "shop.internal";
  check().headers = {{"X-Probe", "weir"}};
  configure(1);
  answers_frames(status("204"));
  EXPECT_EQ(health(), Health::healthy);
  EXPECT_EQ(said(":method"), "GET");
  EXPECT_EQ(said(":scheme"), "http");
  EXPECT_EQ(said(":authority"), "shop.internal");
  EXPECT_EQ(said(":path"), "/up?deep=1");
  EXPECT_EQ(said("user-agent"), "weir-health-check");
  EXPECT_EQ(said("accept"), "*/*");
  EXPECT_EQ(said("x-probe"), "weir");
  EXPECT_EQ(said("connection"), "-");
  EXPECT_TRUE(asked().answer(1).ended);
}

TEST_F(H2Checks, AnswersAreJudgedAsThoseOfHttp1) {
  check().body_match = config::BodyMatch::contains;
  check().body = "ready";
  for (const auto& [frames, cause] :
       {std::pair{status("200", false) + h2::data(1, "I am ready", true), ""s},
        {status("103", false) + status("200", false) + h2::data(1, "re") + h2::data(1, "ady", true),
         ""s},
        {status("503"), "status 503, expected 200-399"s},
        {status("200", false) + h2::data(1, "no", true),
         "status 200, but not the body that is expected"s}}) {
    SCOPED_TRACE(cause);
    configure(1);
    answers_frames(frames);
    EXPECT_EQ(this->cause(), cause);
    configure(0);
  }
}

TEST_F(H2Checks, WhatIsNoAnswerSaysWhy) {
  for (const auto& [bytes, cause] :
       {std::pair{"HTTP/1.1 400 Bad Request\r\n\r\n"s, words_of(Errc::upstream_no_http2)},
        {h2::settings() + h2::rst(1, 2), words_of(Errc::upstream_reset)},
        {h2::settings() + h2::headers(1, {{"x-a", "b"}}), words_of(Errc::bad_response)},
        {h2::settings(), "the endpoint closed the connection before its answer was complete"}}) {
    SCOPED_TRACE(cause);
    configure(1);
    answers(bytes);
    EXPECT_EQ(health(), Health::unhealthy);
    EXPECT_EQ(this->cause(), cause);
    configure(0);
  }
}

class GrpcChecks : public H2Checks {
 protected:
  GrpcChecks() { check() = {.kind = config::CheckKind::grpc}; }

  static std::string serving(char status) {
    return h2::headers(1, {{":status", "200"}, {"content-type", "application/grpc"}}, false) +
           h2::data(1, "\0\0\0\0\2\x08"s + status) + trailers("0");
  }
  static std::string trailers(const std::string& status) {
    return h2::headers(1, {{"grpc-status", status}});
  }
  static std::string only(const std::string& status, const std::string& message) {
    return h2::headers(1, {{":status", "200"}, {"grpc-status", status}, {"grpc-message", message}});
  }
};

TEST_F(GrpcChecks, CallTheHealthService) {
  check().service = "shop";
  check().headers = {{"authorization", "Bearer x"}};
  configure(1);
  answers_frames(serving(1));
  EXPECT_EQ(health(), Health::healthy);
  EXPECT_EQ(said(":method"), "POST");
  EXPECT_EQ(said(":path"), "/grpc.health.v1.Health/Check");
  EXPECT_EQ(said("te"), "trailers");
  EXPECT_EQ(said("content-type"), "application/grpc");
  EXPECT_EQ(said("authorization"), "Bearer x");
  EXPECT_EQ(said("accept"), "-");
  EXPECT_EQ(asked().answer(1).body, "\0\0\0\0\x06\x0a\x04shop"s);
  EXPECT_TRUE(asked().answer(1).ended);
}

TEST_F(GrpcChecks, EverythingButServingIsAFailureWithItsReason) {
  check().service = "shop";
  for (const auto& [frames, cause] :
       {std::pair{serving(2), "the service is NOT_SERVING"s},
        {serving(3), "the service is SERVICE_UNKNOWN"s},
        {serving(9), "the service is 9"s},
        {only("5", "unknown"), "the service 'shop' is not known there (gRPC status 5)"s},
        {only("12", ""), "it has no grpc.health.v1.Health (gRPC status 12)"s},
        {only("7", "who are you"), "gRPC status 7: who are you"s},
        {only("14", ""), "gRPC status 14"s},
        {status("404"), "status 404 instead of a gRPC answer"s},
        {status("200"), "an answer without a gRPC status"s},
        {status("200", false) + h2::data(1, "<html>") + trailers("0"),
         "an answer that is no HealthCheckResponse"s}}) {
    SCOPED_TRACE(cause);
    configure(1);
    answers_frames(frames);
    EXPECT_EQ(health(), Health::unhealthy);
    EXPECT_EQ(this->cause(), cause);
    configure(0);
  }
}

TEST_F(GrpcChecks, AnAnswerThatDoesNotEndIsLate) {
  configure(1);
  auto peer = connector_.accept();
  peer->send(h2::settings() + status("200", false));
  advance(2100ms);
  EXPECT_EQ(cause(), "no answer within 2000 ms");
}

}  // namespace
}  // namespace weir::server
