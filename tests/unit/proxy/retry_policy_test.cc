// The retry policy as a table: what may be sent again, and what never.
#include "proxy/retry_policy.h"

#include <gtest/gtest.h>

#include <string_view>

namespace weir::proxy {
namespace {

struct Case {
  std::string_view what;
  AttemptOutcome outcome;
  RetryVerdict verdict;
};

config::Retry policy_with_statuses() {
  config::Retry policy;
  policy.attempts = 2;
  policy.on.statuses = {502, 503};
  return policy;
}

constexpr Error kRefused{Errc::connect_refused};
constexpr Error kResetError{Errc::upstream_reset};
using enum RetryVerdict;

class RetryPolicy : public testing::TestWithParam<Case> {};

TEST_P(RetryPolicy, DecidesAsTheTableSays) {
  EXPECT_EQ(decide_retry(GetParam().outcome, policy_with_statuses()), GetParam().verdict)
      << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Table, RetryPolicy,
    testing::Values(
        Case{"nothing was sent: any method", {.error = kRefused}, again},
        Case{"connect failures of all kinds", {.error = {Errc::connect_failed}}, again},
        Case{"connecting took too long", {.error = {Errc::connect_timeout}}, again},
        Case{"the last allowed try", {.error = kRefused, .retries_made = 1}, again},
        Case{"one more than allowed", {.error = kRefused, .retries_made = 2}, give_up},
        Case{"safe and sent, fresh connection",
             {.error = kResetError, .safe_method = true, .anything_sent = true},
             again},
        Case{"POST and sent", {.error = kResetError, .anything_sent = true}, give_up},
        Case{"POST and sent on a pooled connection",
             {.error = kResetError, .anything_sent = true, .reused_connection = true},
             give_up},
        Case{"POST that was not looked at, content and all",
             {.error = {Errc::upstream_refused}, .anything_sent = true},
             replace},
        Case{"the same again",
             {.error = {Errc::upstream_refused}, .anything_sent = true, .already_replaced = true},
             again},
        Case{"POST that was not looked at, content gone",
             {.error = {Errc::upstream_refused}, .anything_sent = true, .content_gone = true},
             give_up},
        Case{"no HTTP/2 there", {.error = {Errc::upstream_no_http2}}, again},
        Case{"POST of which nothing was sent on a pooled connection",
             {.error = kResetError, .reused_connection = true},
             replace},
        Case{"safe on a pooled connection",
             {.error = kResetError,
              .safe_method = true,
              .anything_sent = true,
              .reused_connection = true},
             replace},
        Case{"a try that took too long, without a time for one",
             {.error = {Errc::response_timeout}, .safe_method = true, .anything_sent = true},
             give_up},
        Case{"the replacement costs no retry",
             {.error = kResetError,
              .safe_method = true,
              .anything_sent = true,
              .reused_connection = true,
              .retries_made = 2},
             replace},
        Case{"the replacement comes once",
             {.error = kResetError,
              .safe_method = true,
              .anything_sent = true,
              .reused_connection = true,
              .already_replaced = true},
             again},
        Case{"a byte of the response was seen on a pooled connection",
             {.error = {Errc::upstream_truncated},
              .safe_method = true,
              .anything_sent = true,
              .reused_connection = true,
              .response_begun = true},
             give_up},
        Case{"safe, but its content is gone",
             {.error = kResetError,
              .safe_method = true,
              .anything_sent = true,
              .content_gone = true},
             give_up},
        Case{"a status that is named",
             {.status = 503, .safe_method = true, .anything_sent = true},
             again},
        Case{"a status that is not named",
             {.status = 500, .safe_method = true, .anything_sent = true},
             give_up},
        Case{"a named status for a POST", {.status = 503, .anything_sent = true}, give_up},
        Case{"no endpoint is left", {.error = {Errc::no_endpoint}}, give_up},
        Case{"too many wait", {.error = {Errc::overloaded}}, give_up},
        Case{"a malformed answer",
             {.error = {Errc::bad_response}, .safe_method = true, .anything_sent = true},
             give_up},
        Case{"no answer in time",
             {.error = {Errc::response_timeout}, .safe_method = true, .anything_sent = true},
             give_up}));

TEST(RetryPolicySwitches, EachKindOfFailureCanBeLeftOut) {
  config::Retry policy;
  policy.on.connect = false;
  EXPECT_EQ(decide_retry({.error = kRefused}, policy), give_up);
  EXPECT_EQ(
      decide_retry({.error = kResetError, .safe_method = true, .anything_sent = true}, policy),
      again);
  policy.on.reset = false;
  EXPECT_EQ(
      decide_retry({.error = kResetError, .safe_method = true, .anything_sent = true}, policy),
      give_up);
}

TEST(RetryPolicySwitches, TheFreeReplacementNeedsNoRetriesAtAll) {
  config::Retry policy;
  policy.attempts = 0;
  policy.on.reset = false;
  EXPECT_EQ(decide_retry({.error = kResetError, .reused_connection = true}, policy), replace);
  EXPECT_EQ(decide_retry({.error = kRefused}, policy), give_up);
}

}  // namespace
}  // namespace weir::proxy
