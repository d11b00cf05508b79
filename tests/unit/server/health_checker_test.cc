// Active checks: what is asked, what counts as an answer, and what becomes of the endpoint.
#include "server/health_checker.h"

#include <algorithm>

#include "health_fixture.h"

namespace weir::server {
namespace {

class Checks : public HealthTest {
 protected:
  Checks() { check(); }

  std::uint64_t counted(std::string_view result) {
    return registry_.total(
        registry_.counter("weir_health_checks_total", "",
                          {{"cluster", "shop"}, {"endpoint", "10.0.0.1:80"}, {"result", result}}));
  }
};

TEST_F(Checks, BeginAtOnceAndTheFirstResultDecides) {
  configure(2);
  EXPECT_EQ(connector_.waiting(), 2U);
  EXPECT_EQ(health(), Health::unknown);
  EXPECT_FALSE(health_.settled());
  answers_status(200);
  refuses();
  EXPECT_EQ(health(0), Health::healthy);
  EXPECT_EQ(health(1), Health::unhealthy);
  EXPECT_TRUE(endpoint(0).takes_requests());
  EXPECT_FALSE(endpoint(1).takes_requests());
  EXPECT_TRUE(health_.settled());
}

TEST_F(Checks, AskAsTheFileSays) {
  check().host = "shop.internal";
  check().headers = {{"X-Probe", "weir"}, {"user-agent", "probe"}};
  check().path = "/up?deep=1";
  configure(1);
  answers_status(200);
  EXPECT_EQ(asked_,
            "GET /up?deep=1 HTTP/1.1\r\nHost: shop.internal\r\nConnection: close\r\n"
            "Accept: */*\r\nX-Probe: weir\r\nuser-agent: probe\r\n\r\n");
}

TEST_F(Checks, NameTheEndpointWhenNoHostIsGiven) {
  check().method = config::CheckMethod::head;
  configure(1);
  answers("HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n");
  EXPECT_TRUE(asked_.starts_with("HEAD /healthz HTTP/1.1\r\nHost: 10.0.0.1:80\r\n")) << asked_;
  EXPECT_EQ(health(), Health::healthy);
}

TEST_F(Checks, GoToAnotherPortWhereGiven) {
  check().port = 9000;
  configure(1);
  EXPECT_EQ(to_string(connector_.targets().back().address), "10.0.0.1:9000");
}

TEST_F(Checks, OverTcpWantAConnectionAlone) {
  check() = {.kind = config::CheckKind::tcp};
  configure(2);
  const auto peer = connector_.accept();
  EXPECT_EQ(peer->received(), "");
  EXPECT_FALSE(peer->other_is_open());
  refuses();
  EXPECT_EQ(health(0), Health::healthy);
  EXPECT_EQ(health(1), Health::unhealthy);
}

TEST_F(Checks, AnswersAreJudgedByWhatIsExpected) {
  struct Case {
    std::string answer, cause;
  };
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  check().expect = {{200, 299}, {401, 401}};
  for (const Case& one : {
           Case{ok, ""},
           Case{"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", ""},
           Case{"HTTP/1.1 103 Early Hints\r\n\r\n" + ok, ""},
           Case{"HTTP/1.0 200 OK\r\n\r\nuntil the end", ""},
           Case{"HTTP/1.1 302 Found\r\nLocation: /healthz\r\nContent-Length: 0\r\n\r\n",
                "status 302, expected 200-299, 401"},
           Case{"HTTP/1.1 500 No\r\n\r\n", "status 500, expected 200-299, 401"},
           Case{"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                "status 101 instead of an answer"},
           Case{"SSH-2.0-OpenSSH\r\n", "the endpoint's answer is malformed"},
           Case{"HTTP/1.1 200 OK\r\nContent-",
                "the endpoint closed the connection before its "
                "answer was complete"},
           Case{"", "the endpoint closed the connection before its answer was complete"},
       }) {
    SCOPED_TRACE(one.answer);
    endpoints_.clear();
    configure(1);
    answers(one.answer);
    EXPECT_EQ(state().last().result.cause, one.cause);
    EXPECT_EQ(health(), one.cause.empty() ? Health::healthy : Health::unhealthy);
  }
}

TEST_F(Checks, TooManyInterimAnswersAreNoAnswer) {
  configure(1);
  std::string interim;
  for (int n = 0; n <= limits::kInterimResponses; ++n) interim += "HTTP/1.1 103 Early\r\n\r\n";
  answers(interim + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(health(), Health::unhealthy);
}

TEST_F(Checks, TheBodyMustHaveTheText) {
  check().body_match = config::BodyMatch::contains;
  check().body = "all well";
  configure(2);
  answers(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nis a\r\n8\r\nll "
      "well.\r\n0\r\n\r\n");
  answers("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nallwell");
  EXPECT_EQ(health(0), Health::healthy);
  EXPECT_EQ(state(1).last().result.cause, "status 200, but not the body that is expected");
}

TEST_F(Checks, TheBodyMustMatchTheExpressionAnywhere) {
  check().body_match = config::BodyMatch::regex;
  check().body = "state: (ok|ready)";
  configure(3);
  answers("HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\nx\nstate: ready\ny\n\n");
  answers("HTTP/1.0 200 OK\r\n\r\nstate: ok");
  answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nstate: bad");
  EXPECT_EQ(health(0), Health::healthy);
  EXPECT_EQ(health(1), Health::healthy);
  EXPECT_EQ(health(2), Health::unhealthy);
}

TEST_F(Checks, ABodyIsLookedAtUpToItsBound) {
  check().body_match = config::BodyMatch::contains;
  check().body = "!";
  const auto judged = [&](std::size_t before) {
    endpoints_.clear();
    configure(1);
    answers("HTTP/1.1 200 OK\r\n\r\n" + std::string(before, '.') + "!" + std::string(100'000, '.'));
    return health();
  };
  EXPECT_EQ(judged(limits::kCheckBodyBytes - 2), Health::healthy);
  EXPECT_EQ(judged(limits::kCheckBodyBytes - 1), Health::healthy);
  EXPECT_EQ(judged(limits::kCheckBodyBytes), Health::unhealthy);
}

TEST_F(Checks, AnEndlessAnswerIsCutOff) {
  check().body_match = config::BodyMatch::contains;
  check().body = "never";
  configure(1);
  const auto peer = connector_.accept();
  peer->send("HTTP/1.1 200 OK\r\n\r\n");
  while (peer->other_is_open()) peer->send(std::string(10'000, '.'));
  EXPECT_EQ(health(), Health::unhealthy);
}

TEST_F(Checks, SilenceTimesOut) {
  configure(2);
  const auto silent = connector_.accept();
  advance(2100ms);
  EXPECT_EQ(state(0).last().result.cause, "no answer within 2000 ms");
  EXPECT_EQ(state(1).last().result.cause, "no connection within 2000 ms");
  EXPECT_EQ(health(0), Health::unhealthy);
  EXPECT_FALSE(silent->other_is_open());
  EXPECT_EQ(counted("timeout"), 1U);
}

TEST_F(Checks, AProcessThatWasHeldUpBlamesNobody) {
  configure(1);
  const auto first = connector_.accept();
  stall(5s);
  EXPECT_EQ(health(), Health::unknown);
  EXPECT_EQ(counted("timeout"), 0U);
  answers_status(200);  // it asks again at once
  EXPECT_EQ(health(), Health::healthy);
}

TEST_F(Checks, ThreeFailuresTakeItOutAndTwoSuccessesBringItBack) {
  configure(1);
  answers_status(200);
  for (int n = 0; n < 2; ++n) {
    await_check();
    answers_status(500);
    EXPECT_TRUE(endpoint().healthy());
  }
  await_check();
  answers_status(200);
  for (int n = 0; n < 3; ++n) {
    EXPECT_TRUE(endpoint().healthy());
    await_check();
    answers_status(500);
  }
  EXPECT_FALSE(endpoint().healthy());
  await_check();
  answers_status(200);
  EXPECT_FALSE(endpoint().healthy());
  await_check();
  answers_status(200);
  EXPECT_TRUE(endpoint().healthy());
  EXPECT_EQ(counted("success"), 4U);
  EXPECT_EQ(counted("failure"), 5U);
}

TEST_F(Checks, ComeAtTheirIntervalGiveOrTakeATenthAndFasterAfterAFailure) {
  configure(1);
  const auto time_to_next = [&] {
    const net::TimeMs before = wheel_.now();
    await_check();
    return wheel_.now() - before;
  };
  std::vector<net::TimeMs> seen;
  for (int n = 0; n < 20; ++n) {
    answers_status(200);
    seen.push_back(time_to_next());
    EXPECT_GE(seen.back(), 4490U);
    EXPECT_LE(seen.back(), 5550U);
  }
  std::ranges::sort(seen);
  EXPECT_GT(seen.back() - seen.front(), 200U);
  answers_status(500);
  EXPECT_LE(time_to_next(), 2800U);
  answers_status(200);
  EXPECT_GE(time_to_next(), 4490U);
}

TEST_F(Checks, UnknownEndpointsServeWhileNobodyIsKnownToBeWell) {
  configure(3);
  EXPECT_TRUE(endpoint(0).takes_requests());
  EXPECT_TRUE(endpoint(1).takes_requests());
  answers_status(200, "10.0.0.2:80");
  EXPECT_FALSE(endpoint(0).takes_requests());
  EXPECT_TRUE(endpoint(1).takes_requests());
  answers_status(200, "10.0.0.1:80");
  EXPECT_TRUE(endpoint(0).takes_requests());
  EXPECT_FALSE(endpoint(2).takes_requests());
}

TEST_F(Checks, GraceEnds) {
  check().timeout = 60s;
  configure(1);
  advance(4900ms);
  EXPECT_TRUE(endpoint().takes_requests());
  EXPECT_FALSE(health_.settled());
  advance(200ms);
  EXPECT_FALSE(endpoint().takes_requests());
  EXPECT_EQ(health(), Health::unknown);
  EXPECT_TRUE(health_.settled());
  answers_status(200);
  EXPECT_TRUE(endpoint().takes_requests());
}

TEST_F(Checks, WithoutGraceNobodyServesUnchecked) {
  check().grace = 0ms;
  configure(1);
  EXPECT_FALSE(endpoint().takes_requests());
  answers_status(200);
  EXPECT_TRUE(endpoint().takes_requests());
  EXPECT_EQ(endpoint().share(), Endpoint::kWholeShare);
}

TEST_F(Checks, EndpointsThatStayKeepTheirState) {
  configure(2);
  answers_status(200);
  answers_status(500);
  const auto before = connector_.targets().size();
  configure(3);
  EXPECT_EQ(health(0), Health::healthy);
  EXPECT_EQ(health(1), Health::unhealthy);
  EXPECT_EQ(health(2), Health::unknown);
  EXPECT_EQ(connector_.targets().size(), before + 1);
  EXPECT_FALSE(endpoint(2).takes_requests());
}

TEST_F(Checks, OtherSettingsAreAskedAtOnceAndTheStateStays) {
  configure(1);
  answers_status(200);
  check().path = "/ready";
  configure(1);
  EXPECT_EQ(health(), Health::healthy);
  answers_status(200);
  EXPECT_TRUE(asked_.starts_with("GET /ready "));
}

TEST_F(Checks, WhoHasServedUncheckedIsNotTakenOutByTheFirstFailure) {
  settings_.health_check.reset();
  configure(1);
  check();
  configure(1);
  EXPECT_EQ(health(), Health::healthy);
  refuses();
  EXPECT_TRUE(endpoint().takes_requests());
}

TEST_F(Checks, WithoutChecksEverybodyIsWellAgain) {
  configure(1);
  refuses();
  EXPECT_FALSE(endpoint().healthy());
  settings_.health_check.reset();
  configure(1);
  EXPECT_TRUE(endpoint().healthy());
  EXPECT_EQ(health_.check_of(endpoint()), nullptr);
  advance(1min);
  EXPECT_EQ(connector_.waiting(), 0U);
}

TEST_F(Checks, EndWithTheirEndpoint) {
  configure(2);
  configure(1);
  EXPECT_EQ(connector_.waiting(), 1U);
}

}  // namespace
}  // namespace weir::server
