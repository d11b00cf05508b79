// The retry decision as one pure function; its table is in tests/unit/proxy/retry_policy_test.cc.
#include "proxy/retry_policy.h"

namespace weir::proxy {
namespace {

bool replayable(const AttemptOutcome& outcome) {
  return !outcome.anything_sent || (outcome.safe_method && !outcome.content_gone);
}

bool retried_by(const config::Retry& policy, const AttemptOutcome& outcome) {
  switch (outcome.error.code) {
    case Errc::none:
      return std::ranges::find(policy.on_statuses, outcome.status) != policy.on_statuses.end();
    case Errc::connect_refused:
    case Errc::connect_failed:
    case Errc::connect_timeout:
      return policy.on_connect;
    case Errc::upstream_reset:
      return policy.on_reset;
    default:
      return false;
  }
}

bool rescued_by(const config::Rescue& policy, const AttemptOutcome& outcome) {
  switch (outcome.error.code) {
    case Errc::none:
      return std::ranges::find(policy.on_statuses, outcome.status) != policy.on_statuses.end();
    case Errc::connect_refused:
    case Errc::connect_failed:
    case Errc::connect_timeout:
      return policy.on_connect;
    case Errc::upstream_reset:
    case Errc::upstream_truncated:
    case Errc::bad_response:
    case Errc::response_head_too_large:
    case Errc::unasked_upgrade:
    case Errc::too_many_interim:
      return policy.on_reset;
    case Errc::response_timeout:
      return policy.on_timeout;
    default:
      return false;
  }
}

}  // namespace

bool may_rescue(const AttemptOutcome& outcome, const config::Rescue& policy, bool listed_method) {
  if (!policy.enabled || !replayable(outcome) || !rescued_by(policy, outcome)) return false;
  return !outcome.anything_sent || listed_method;
}

bool loads_an_origin(Error error) {
  return error.code != Errc::connect_refused && error.code != Errc::connect_failed;
}

RetryVerdict decide_retry(const AttemptOutcome& outcome, const config::Retry& policy) {
  if (!replayable(outcome)) return RetryVerdict::give_up;
  if (outcome.error.code == Errc::upstream_reset && outcome.reused_connection &&
      !outcome.response_begun && !outcome.already_replaced) {
    return RetryVerdict::replace;
  }
  if (outcome.retries_made >= policy.attempts || !retried_by(policy, outcome))
    return RetryVerdict::give_up;
  return RetryVerdict::again;
}

}  // namespace weir::proxy
