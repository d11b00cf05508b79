// The proxy's own error answers: every error that has a status says which it is, in full.
#include "proxy/own_answer.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/http_text.h"

namespace weir::proxy {
namespace {

constexpr auto kErrors = std::to_array<Errc>({
#define ERRC(name, side, status, proxy_status, words) Errc::name,
#include <weir/errors.def>
#undef ERRC
});

test::HttpText written(const ErrorAnswer& error) {
  Buffer out;
  http::OwnAnswer answer = error.answer();
  answer.keep_alive = true;
  http::write_own_answer(out, answer);
  return test::HttpTextReader(out.view()).read();
}

TEST(ErrorAnswer, EveryErrorIsAnsweredInFull) {
  for (Errc error : kErrors) {
    if (status_of(error) == 0) continue;
    SCOPED_TRACE(name_of(error));
    const test::HttpText text = written(ErrorAnswer(error));
    EXPECT_EQ(text.status(), status_of(error));
    EXPECT_EQ(text.field("Proxy-Status"), "weir; error=" + std::string(proxy_status_of(error)) +
                                              "; details=\"" + std::string(words_of(error)) + "\"");
    EXPECT_EQ(text.field("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_TRUE(text.whole);
    EXPECT_EQ(text.body, std::to_string(status_of(error)) + " " +
                             std::string(http::reason_phrase(status_of(error))) + ": " +
                             std::string(words_of(error)) + "\n");
    EXPECT_EQ(text.has("Retry-After"), status_of(error) == 503);
    EXPECT_EQ(text.has("Allow"), status_of(error) == 405);
  }
}

TEST(ErrorAnswer, AnErrorWithoutStatusIsAnInternalOne) {
  EXPECT_EQ(ErrorAnswer(Errc::system).answer().status, 500);
}

TEST(ErrorAnswer, TellsALimitInWholeSecondsRoundedUp) {
  const config::RateLimit limit{
      .requests = 600, .per = std::chrono::minutes(1), .burst = 20, .key = {}};
  for (const auto& [wait_ns, seconds] :
       {std::pair{1ULL, "1"}, std::pair{1'000'000'000ULL, "1"}, std::pair{1'000'000'001ULL, "2"}}) {
    ErrorAnswer error(Errc::rate_limited);
    error.tell_limit(limit, wait_ns);
    const test::HttpText text = written(error);
    EXPECT_EQ(text.status(), 429);
    EXPECT_EQ(text.field("Retry-After"), seconds);
    EXPECT_EQ(text.field("RateLimit-Policy"), "\"route\";q=600;w=60");
    EXPECT_EQ(text.field("RateLimit"), "\"route\";r=0;t=" + std::string(seconds));
  }
}

TEST(ErrorAnswer, TellsTheLargestLimitInFull) {
  const config::RateLimit limit{.requests = limits::kRateRequests,
                                .per = limits::kRatePeriodMost,
                                .burst = limits::kRateRequests,
                                .key = {}};
  ErrorAnswer error(Errc::rate_limited);
  error.tell_limit(limit, ~std::uint64_t{0} / 2);
  const test::HttpText text = written(error);
  EXPECT_EQ(text.field("RateLimit-Policy"), "\"route\";q=1000000;w=86400");
  EXPECT_EQ(text.field("RateLimit"), "\"route\";r=0;t=9223372037");
}

TEST(ErrorAnswer, TellsWhichMethodsAreAllowed) {
  EXPECT_EQ(written(ErrorAnswer(Errc::method_not_allowed)).field("Allow"),
            "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

}  // namespace
}  // namespace weir::proxy
